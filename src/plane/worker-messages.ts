import type { MessagePort } from 'node:worker_threads'
import type { DirectorOptions } from '../director/options.js'
import type { FlowMaps } from '../ebpf/flow-parts.js'
import type { FanoutGroup, Sharing } from '../io/fanout.js'
import type { TapSharing } from '../io/tap-device.js'
import type { MacAddr } from '../wire/addr.js'
import type { Answered, Asked } from './request-queue.js'
import type { KeepOptions } from './kept-flows.js'
import type { OffloadOptions } from './offload-options.js'
import type { RouterOrder } from './router-order.js'

/** A device as on the command line, the front before it, and how several workers' devices share the interface. */
export type DeviceOptions =
  | { kind: 'raw'; name: string; isBeside?: boolean; claims?: boolean; sharing?: Sharing }
  | { kind: 'tap'; name: string; mac: MacAddr | undefined; sharing?: TapSharing }
  /** For one worker alone. */
  | { kind: 'libpcap'; name: string }

/** How a device's link is shared with the host's kernel. */
export function sharedWithKernel(device: DeviceOptions): { isBeside: boolean; claims: boolean } {
  if (device.kind !== 'raw') return { isBeside: false, claims: true }
  const { isBeside = false, claims = !isBeside } = device
  return { isBeside, claims }
}

/** Start data of a worker thread. All of it can be cloned. */
export interface WorkerData {
  devices: DeviceOptions[]
  director: Pick<
    DirectorOptions,
    | 'addresses'
    | 'vips'
    | 'isStandby'
    | 'isOfFleet'
    | 'routes'
    | 'neighbours'
    | 'maxConnections'
    | 'seed'
    | 'icmpRatelimit'
    | 'offloadAfter'
    | 'clientMask'
    | 'record'
  >
  /** For one of several workers: which one, the memory of their shared counts, and that by which they open interfaces anew. */
  worker?: { index: number; of: number; counts: SharedArrayBuffer; reopening: SharedArrayBuffer }
  /** File URLs of the user's modules, each with a scheduler as its default export. */
  schedulers?: string[]
  /** Where adverts of virtual routers go that come in by interfaces without a kernel beside (advert-queue.ts). */
  adverts?: SharedArrayBuffer
  /** How flows are handed to the program; undefined: not at all. */
  offload?: OffloadOptions
  /** SYNs a second to a service that its program lets up, 0: any. Default: DEFAULT_SYN_BUDGET for each worker. */
  synBudget?: number
  /** Whether flows outlive the director. Undefined: nothing is pinned, nor looked for. */
  keep?: KeepOptions
  /** The first worker's maps of flows, for the others. */
  flowMaps?: FlowMaps
  requests: MessagePort
  /** eventfd that wakes the thread. */
  wakeFd: number
  /** One word: 1 while requests wait. */
  signal: Int32Array
}

/** Main thread → worker. */
export type ToWorker = { asked: Asked[] } | { order: RouterOrder } | { stop: true }

/** The worker is ready: its devices, the fanout groups that the next worker's devices join, its thread ID. */
export interface Ready {
  ready: { name: string; mac: string; mtu: number }[]
  groups: (FanoutGroup | undefined)[]
  flowMaps?: FlowMaps | undefined
  thread: number
}

/** Worker → main thread. `failed`: one line why it is not ready. */
export type FromWorker =
  | { answered: Answered[] }
  | Ready
  | { failed: string; usage: boolean }
  /**
   * One line for the log: a mistake of a user's scheduler, a rule that is kept but not served yet, or a misconfigured host around
   * the director. `once`: other workers may report the same.
   */
  | { problem: string; once?: boolean }
  | { stopped: true }
