import type { LabMode } from '../../native-free/lab-plan.js'
import type { NetnsLab } from '../../netns-lab/netns-lab.js'

/** What balances in a turn. */
export interface Balancer {
  /** Its processes; none where the kernel does it. */
  pids: number[]
}

/** A way to balance the same load in the same topology. */
export interface Runner {
  /** As --only takes it. */
  name: string
  title: string
  mode: LabMode
  io: 'raw' | 'tap'
  /** It has no UDP. */
  tcpOnly?: boolean
  /** The client asks the real server by its own address. */
  direct?: boolean
  /** Why it cannot run here; undefined when it can. */
  missing?(): string | undefined
  /** Starts it in the director's namespace; resolves when it balances. */
  start(lab: NetnsLab): Promise<Balancer>
}
