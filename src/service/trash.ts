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
  /** The same ones by what they are revived by: thousands lie here when a rules file is loaded again. */
  readonly #byKey = new Map<string, Destination>()
  #nextSweep = Infinity

  constructor(table: DestinationTable) {
    this.#table = table
  }

  put(dest: Destination, now: number): void {
    if (this.#since.size === 0) this.#nextSweep = now + SWEEP_MS
    this.#since.set(dest, undefined)
    this.#byKey.set(keyOf(dest.service, dest.addr, dest.port), dest)
  }
  /** The same real server of the same service, taken out of the trash if it is there. */
  revive(service: ServiceIdentity, addr: number, port: number): Destination | undefined {
    const dest = this.#byKey.get(keyOf(service, addr, port))
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
    this.#byKey.clear()
    this.#nextSweep = Infinity
  }

  #takeOut(dest: Destination): void {
    this.#since.delete(dest)
    const key = keyOf(dest.service, dest.addr, dest.port)
    if (this.#byKey.get(key) === dest) this.#byKey.delete(key)
  }
}

/** What makes a destination the same one (ipvs-behaviour.md §2.7). */
function keyOf({ protocol, mark, addr: vaddr, port: vport }: ServiceIdentity, addr: number, port: number): string {
  return `${mark === 0 ? `${protocol} ${vaddr} ${vport}` : `mark ${mark}`} ${addr} ${port}`
}
