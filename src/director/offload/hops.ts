import type { Neighbour } from '../../neigh/neighbour.js'
import type { FlowTable } from '../../packet/flow-table.js'

/**
 * The next hops that the flow program sends to: neighbours, each with a number. A number that a forgotten neighbour had is given away
 * last, so that no packet that is under way meets another's MAC.
 */
export class Hops {
  readonly #table: FlowTable
  /** By number, counted from the table's first. */
  readonly #neighbours: (Neighbour | undefined)[] = []
  /** Numbers that are free, a ring. */
  readonly #free: number[] = []
  /** Whether packets went there since the last sweep. */
  #isUsed: Uint8Array

  constructor(table: FlowTable) {
    this.#table = table
    this.#isUsed = new Uint8Array(table.hopCount)
    for (let i = 0; i < table.hopCount; i++) this.#free.push(table.firstHop + i)
  }

  /** The neighbour's number; undefined if all are taken. Its MAC must be known. */
  of(neighbour: Neighbour): number | undefined {
    if (neighbour.hop !== undefined) return neighbour.hop
    const hop = this.#free.shift()
    if (hop === undefined) return undefined
    neighbour.hop = hop
    this.#neighbours[hop - this.#table.firstHop] = neighbour
    this.#table.setHop(hop, neighbour.link, neighbour.mac)
    return hop
  }
  /** The neighbour has another MAC. */
  moved(neighbour: Neighbour): void {
    if (neighbour.hop !== undefined) this.#table.setHop(neighbour.hop, neighbour.link, neighbour.mac)
  }
  /** The neighbour is no more. Flows that name it must not be forwarded after its number is given away again. */
  forgotten(neighbour: Neighbour): void {
    const { hop } = neighbour
    if (hop === undefined) return
    this.#table.clearHop(hop)
    this.#neighbours[hop - this.#table.firstHop] = undefined
    this.#free.push(hop)
    neighbour.hop = undefined
  }
  /** A link's interface or MAC has changed. */
  renew(): void {
    for (const neighbour of this.#neighbours) if (neighbour !== undefined) this.moved(neighbour)
  }

  /** Packets went to this hop. */
  use(hop: number): void {
    this.#isUsed[hop - this.#table.firstHop] = 1
  }
  /** Marks the neighbours that packets went to as used now: so their MACs are asked for again in time. */
  sweep(nowMs: number): void {
    const { length } = this.#neighbours
    for (let i = 0; i < length; i++) {
      if (this.#isUsed[i] === 0) continue
      this.#isUsed[i] = 0
      const neighbour = this.#neighbours[i]
      if (neighbour !== undefined) neighbour.usedAt = nowMs
    }
  }
}
