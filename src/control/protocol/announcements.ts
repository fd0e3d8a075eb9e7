import { seconds } from './check.js'
import { takes } from './shape.js'

/* What a director announces to its BGP daemon by the addresses of an interface (--announce). */

export interface AnnouncementsInfo {
  /** That the VIPs stand on. */
  interface: string
  /** Whose VIPs are withdrawn: of services without a usable real server. */
  withdraw: 'never' | 'all' | 'any'
  /** Seconds that a VIP that was withdrawn must be ready before it is announced again. */
  hold: number
  /** All of them: the director drains. */
  isWithdrawn: boolean
  /** How many stand on the interface; are ready and wait the hold-down; have no usable real server; are the kernel's elsewhere, and left alone. */
  vips: { announced: number; held: number; idle: number; elsewhere: number }
  /** Undefined: none is under way. */
  drain?: DirectorDrainInfo
}

export interface DirectorDrainInfo {
  state: 'draining' | 'ended'
  /** Since it began, and until the deadline. */
  seconds: number
  deadline: number
  /** In the table, and packets of services in the last second, both ways; null until they are known. */
  connections: number | null
  packets: number | null
  /** Why it has ended: no connection is left, no packet has come for three seconds, the deadline. */
  end?: 'empty' | 'moved' | 'deadline'
}

export const announcements = {
  announcements: takes({}).returns<AnnouncementsInfo>(),
  /** Withdraws everything, waits for connections to end or move, or `deadline` seconds, and stops the director. Again: another deadline. */
  'drain-director': takes({ deadline: seconds }),
  /** Announces again. ESRCH if no drain is under way. */
  'cancel-drain': takes({}),
}
