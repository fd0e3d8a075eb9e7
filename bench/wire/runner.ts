import type { LabMode } from '../../native-free/lab-plan.js'
import type { NetnsLab } from '../../netns-lab/netns-lab.js'

/** The running balancer of a turn. */
export interface Balancer {
  /** Its processes; none where the kernel balances. */
  pids: number[]
}

/** A way to balance the same load in the same topology. */
export interface Runner {
  /** The name that --only takes. */
  name: string
  title: string
  mode: LabMode
  io: 'raw' | 'tap'
  /** It does not support UDP. */
  tcpOnly?: boolean
  /** The client sends requests to the real server's own address: by way of the director, or of the cable past it. */
  direct?: 'routed' | 'cable'
  /** The director's kernel holds the addresses, and uvs lives beside it. */
  beside?: true
  /** Who opens tunnels on the real server: `uvs realserver start --decap`. */
  decap?: 'device'
  /** Why it cannot run here; undefined if it can. */
  missing?(): string | undefined
  /** Starts it in the director's namespace, uvs with so many services; resolves when it balances. */
  start(lab: NetnsLab, services: number): Promise<Balancer>
}
