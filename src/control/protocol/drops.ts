import type { FieldInfo } from './explain.js'
import { takes } from './shape.js'

/** Frames that went no further, for one reason. */
export interface DropInfo {
  /** A name of `verdicts`: refused, drop-… */
  reason: string
  /** Since the start. */
  count: number
  /** The last of them. Not there: none, or the reason is a device's or a program's, which shows none. */
  last?: DroppedInfo
}
export interface DroppedInfo {
  /** Seconds ago, to a hundredth. */
  ago: number
  /** The interface that it came in by. */
  link: string
  /** In a line, as it was when it was dropped. */
  packet: string
  fields: FieldInfo[]
  /** The virtual service that its destination is of. */
  service?: string
}

export const drops = {
  /** By reason, the ones that there were, with the last frame of each. */
  drops: takes({}).returns<DropInfo[]>(),
}
