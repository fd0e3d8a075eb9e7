import type { Ipv4Addr } from '../wire/addr.js'
import type { WorkerData } from './worker-messages.js'

/** What the data plane is started with. */
export interface DataPlaneOptions extends Pick<WorkerData, 'devices' | 'director' | 'schedulers'> {
  /** Threads that share the work; one unless given. */
  workers?: number
}

/** Of a client's address, what workers are chosen by unless the director is told: all of it. */
export const WHOLE_ADDRESS = -1 as Ipv4Addr
