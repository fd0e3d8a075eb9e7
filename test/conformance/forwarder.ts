import type { FlowTable } from '../../src/packet/flow-table.js'
import type { Link } from '../../src/packet/link.js'

/** What stands before the director and forwards the flows that it has entered. */
export interface Forwarder {
  readonly table: FlowTable
  /** The clock of the rig, ms. */
  nowMs: number
  /** The frame that leaves, by which link; undefined: it comes up. */
  forward(from: Link, frame: Uint8Array): { link: number; frame: Uint8Array } | undefined
  close(): void
}
