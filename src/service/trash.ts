import type { Ipv4Addr } from '../wire/addr.js'
import type { Destination, DestinationTable } from './destination.js'
import type { ServiceIdentity } from './service-identity.js'

const SWEEP_MS = 60_000
/** The most destinations that one call of `sweep` checks. */
const PER_CALL = 512
/** How long a destination is kept after a sweep first found it unreferenced. */
const KEEP_MS = 120_000

/**
 * Destinations that were deleted while connections still refer to them. One that is added again is taken from here with its
 * counts and counters, and its connections go on (ipvs-behaviour.md §2.7).
 */
export class Trash {
  readonly #table: DestinationTable
  readonly #freed: (dest: Destination) => void
  readonly #thrown = new Map<string, Thrown>()
  #nextSweep = Infinity
  /** A sweep in progress, and the time it began at. */
  #sweeping: { rest: Iterator<[string, Thrown]>; left: number; nowMs: number } | undefined

  /** `freed` is called with each destination that is freed. */
  constructor(table: DestinationTable, freed: (dest: Destination) => void = () => {}) {
    this.#table = table
    this.#freed = freed
  }

  put(dest: Destination, nowMs: number): void {
    if (this.#thrown.size === 0) this.#nextSweep = nowMs + SWEEP_MS
    this.#thrown.set(nameOf(dest.service, dest.addr, dest.port), { dest, since: undefined })
  }
  /** Takes the same real server of the same service out of the trash. Returns undefined if it is not there. */
  revive(service: ServiceIdentity, addr: Ipv4Addr, port: number): Destination | undefined {
    if (this.#thrown.size === 0) return undefined
    const name = nameOf(service, addr, port)
    const thrown = this.#thrown.get(name)
    this.#thrown.delete(name)
    return thrown?.dest
  }
  /** Every minute, a share a call. Frees destinations that have been unreferenced for two minutes. */
  sweep(nowMs: number): void {
    if (this.#sweeping === undefined && nowMs < this.#nextSweep) return
    this.#sweeping ??= { rest: this.#thrown.entries(), left: this.#thrown.size, nowMs }
    const sweep = this.#sweeping
    for (let share = PER_CALL; share > 0; share--) {
      const next = sweep.left-- > 0 ? sweep.rest.next() : undefined
      if (next === undefined || next.done) return this.#endSweep(sweep.nowMs)
      this.#look(...next.value, sweep.nowMs)
    }
  }
  clear(): void {
    this.#thrown.clear()
    this.#sweeping = undefined
    this.#nextSweep = Infinity
  }

  #endSweep(nowMs: number): void {
    this.#sweeping = undefined
    this.#nextSweep = this.#thrown.size === 0 ? Infinity : nowMs + SWEEP_MS
  }
  #look(name: string, thrown: Thrown, nowMs: number): void {
    if (thrown.dest.referenced) thrown.since = undefined
    else if (thrown.since === undefined) thrown.since = nowMs
    else if (nowMs - thrown.since >= KEEP_MS) {
      this.#thrown.delete(name)
      this.#table.release(thrown.dest)
      this.#freed(thrown.dest)
    }
  }
}

interface Thrown {
  readonly dest: Destination
  /** When a sweep first saw it unreferenced; undefined while referenced. */
  since: number | undefined
}

/** Key of a destination (ipvs-behaviour.md §2.7). */
function nameOf({ protocol, addr, port, mark }: ServiceIdentity, daddr: Ipv4Addr, dport: number): string {
  return mark === 0 ? `${protocol} ${addr} ${port} ${daddr} ${dport}` : `${mark} ${daddr} ${dport}`
}
