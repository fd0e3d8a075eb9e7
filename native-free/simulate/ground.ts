import type { EventQueue } from './event-queue.js'
import type { Ledger } from './ledger.js'
import type { SimPacket } from './packets.js'
import type { RandomValues } from './random-values.js'
import type { Wires } from './wires.js'

/** What every part of a simulated network stands on. */
export interface Ground {
  readonly events: EventQueue
  readonly wires: Wires
  readonly ledger: Ledger
  /** Random numbers of one part, by its number. */
  readonly random: (part: number) => RandomValues
}

/** A part that packets come to. `via`: the name of the director, or of the real server, that sent it. */
export interface Receiver {
  readonly name: string
  receive(packet: SimPacket, via: string): void
}
