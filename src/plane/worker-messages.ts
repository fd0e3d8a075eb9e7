import type { MessagePort } from 'node:worker_threads'
import type { DirectorOptions } from '../director/options.js'
import type { FanoutGroup, Sharing } from '../io/fanout.js'
import type { TapSharing } from '../io/tap-device.js'
import type { MacAddr } from '../wire/addr.js'
import type { Answered, Asked } from './request-queue.js'

/** A device as the command line names it; and how a worker's shares its interface with those of the others. */
export type DeviceOptions =
  | { kind: 'raw'; name: string; sharing?: Sharing }
  | { kind: 'tap'; name: string; mac: MacAddr | undefined; sharing?: TapSharing }

/** What the data plane's thread is started with. All of it can be cloned. */
export interface WorkerData {
  devices: DeviceOptions[]
  director: Pick<
    DirectorOptions,
    'addresses' | 'vips' | 'routes' | 'neighbours' | 'maxConnections' | 'seed' | 'icmpRatelimit' | 'clientMask'
  >
  /** Of one that is one of several: which, and what memory they count in. */
  worker?: { index: number; of: number; counts: SharedArrayBuffer }
  /** Modules of the user's, each with a scheduler as its default export: file URLs. */
  schedulers?: string[]
  requests: MessagePort
  /** eventfd that ends the thread's wait. */
  wakeFd: number
  /** One word: 1 while requests are waiting. */
  signal: Int32Array
}

/** To the data plane. */
export type ToWorker = { asked: Asked[] } | { stop: true }

/** What the devices turned out to be, what the next worker's join, and the thread's number with the kernel. */
export interface Ready {
  ready: { name: string; mac: string; mtu: number }[]
  groups: (FanoutGroup | undefined)[]
  thread: number
}

/** From the data plane. `failed`: one line why it is not ready. */
export type FromWorker =
  | { answered: Answered[] }
  | Ready
  | { failed: string; usage: boolean }
  /**
   * One line for the log: what a scheduler of the user's has done wrong, what is kept and not served yet, or what is amiss
   * around the director. `once`: other workers may say the same.
   */
  | { problem: string; once?: boolean }
  | { stopped: true }
