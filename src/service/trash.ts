import type { Destination, DestinationTable } from './destination.js'
import type { ServiceIdentity } from './service-identity.js'

const SWEEP_MS = 60_000
/** How long an unreferenced destination is kept after a sweep first found it so. */
const KEEP_MS = 120_000

/**
 * Destinations that were deleted while connections still refer to them. Added again, they are found here with their
 * counts and counters, and their connections go on (ipvs-behaviour.md §2.7).
 */
export class Trash {
  readonly #table: DestinationTable
  /** When a sweep first saw each one unreferenced; undefined while referenced. */
  readonly #since = new Map<Destination, number | undefined>()
  /** The same ones by address and port: thousands may lie here when a rules file is loaded again. */
  readonly #byAddress = new Map<number, Destination[]>()
  #nextSweep = Infinity

  constructor(table: DestinationTable) {
    this.#table = table
  }

  put(dest: Destination, now: number): void {
    if (this.#since.size === 0) this.#nextSweep = now + SWEEP_MS
    this.#since.set(dest, undefined)
    const key = keyOf(dest.addr, dest.port)
    const alike = this.#byAddress.get(key)
    if (alike) alike.push(dest)
    else this.#byAddress.set(key, [dest])
  }
  /** The same real server of the same service, taken out of the trash if it is there. */
  revive(service: ServiceIdentity, addr: number, port: number): Destination | undefined {
    const dest = this.#byAddress.get(keyOf(addr, port))?.find(each => each.belongedTo(service))
    if (dest) this.#takeOut(dest)
    return dest
  }
  /** Every minute: frees who has been unreferenced for two. */
  sweep(now: number): void {
    if (now < this.#nextSweep) return
    this.#nextSweep = this.#since.size === 0 ? Infinity : now + SWEEP_MS
    for (const [dest, since] of this.#since) {
      if (dest.referenced) this.#since.set(dest, undefined)
      else if (since === undefined) this.#since.set(dest, now)
      else if (now - since >= KEEP_MS) {
        this.#takeOut(dest)
        this.#table.release(dest)
      }
    }
  }
  clear(): void {
    this.#since.clear()
    this.#byAddress.clear()
    this.#nextSweep = Infinity
  }

  #takeOut(dest: Destination): void {
    this.#since.delete(dest)
    const key = keyOf(dest.addr, dest.port)
    const others = this.#byAddress.get(key)!.filter(each => each !== dest)
    if (others.length > 0) this.#byAddress.set(key, others)
    else this.#byAddress.delete(key)
  }
}

function keyOf(addr: number, port: number): number {
  return (addr >>> 0) * 65_536 + port
}
