import type { KernelState } from '../director/kernel-follower.js'
import type { Ipv4Addr } from '../wire/addr.js'
import type { WorkerData } from './worker-messages.js'

/** The data plane's start options. */
export interface DataPlaneOptions extends Pick<
  WorkerData,
  'devices' | 'director' | 'schedulers' | 'offload' | 'synBudget' | 'keep'
> {
  /** The number of worker threads. Default 1. */
  workers?: number
  /** Adverts of virtual routers are heard on interfaces without a kernel beside. */
  hearsAdverts?: boolean
  /** What the host's kernel holds at the start, where uvs has interfaces of it. */
  host?: KernelState
}

/** The default `clientMask`: the whole client address chooses the worker. */
export const WHOLE_ADDRESS = -1 as Ipv4Addr
