import type { State } from './action.js'

/** One of the instances of a sync group. */
export interface Member {
  readonly name: string
  readonly state: State
  /** Why it is in that state. */
  readonly reason: string
  readonly faults: readonly string[]
  /** Master already, or only waiting for the others. */
  readonly isReadyForMaster: boolean
  /** The leader of the group has changed its state: so does this one. */
  readonly followTo: (state: State, nowMs: number, reason: string) => void
}

/** The other members of a sync group, as one of them sees them. */
export interface Companions {
  /** Whether every other one waits for nothing but this one. */
  readonly mayBecomeMaster: (asker: Member) => boolean
  /** Whether no member has a fault. */
  readonly isSound: () => boolean
  /** Takes the others along to the state that the leader is in now. */
  readonly follow: (leader: Member, nowMs: number) => void
}
