import { DEFAULT_MAX_CONNECTIONS, UsageError } from '../director/options.js'
import { advertMemory, AdvertReader } from './advert-queue.js'
import { arpRelayEnds, type ArpRelayEnds } from '../io/arp-relay.js'
import type { FanoutGroup } from '../io/fanout.js'
import { whyNoBpf } from '../ebpf/front-refused.js'
import { Steering } from '../ebpf/steering.js'
import { SystemError } from '../linux/libc.js'
import { SharedCounts } from '../service/shared-counts.js'
import type { Control, OperationName, Reply, Request } from '../control/protocol/api.js'
import { WHOLE_ADDRESS, type DataPlaneOptions } from './data-plane-options.js'
import { JointControl } from './joint-control.js'
import type { DeviceOptions } from './worker-messages.js'
import type { RouterOrder } from './router-order.js'
import { reopeningMemory } from './reopening.js'
import { SteeredAddresses } from './steered-addresses.js'
import { DataPlaneError, WorkerThread, type ReadyDevice, type Report } from './worker-thread.js'

export { DataPlaneError } from './worker-thread.js'
export type { DataPlaneOptions } from './data-plane-options.js'

/** Between the workers' seeds: 2^32 divided by the golden ratio, so that no two of 64 are close. */
const SEED_STEP = 0x9e3779b9

/** The main thread's handle of the data plane: one or several workers behind one Control, until stopped. */
export class DataPlane implements Control {
  readonly devices: readonly ReadyDevice[]
  /** Thread IDs of the workers, as in /proc/self/task. */
  readonly threads: readonly number[]
  /** What each worker has heard of virtual routers. None unless they were asked for. */
  readonly adverts: readonly AdvertReader[]
  readonly #workers: readonly WorkerThread[]
  readonly #control: Control
  readonly #steering: Steering | undefined
  /** Resolves when all workers have ended. Rejects with a DataPlaneError as soon as one ends unasked. */
  readonly ended: Promise<void>

  /**
   * Opens the devices and starts the workers. UsageError or DataPlaneError if it cannot. `report` is told each problem in a line,
   * such as a mistake of a user's scheduler. Many workers take their time: `stop` is asked before each; its reason is thrown then.
   */
  static async start(
    options: DataPlaneOptions,
    report: (problem: string) => void = () => {},
    stop?: AbortSignal,
  ): Promise<DataPlane> {
    const { workers: of = 1, hearsAdverts = false, ...rest } = options
    const adverts = Array.from({ length: hearsAdverts ? of : 0 }, advertMemory)
    const ofWorkers = sayingOnce(report)
    if (of === 1) {
      const only = await WorkerThread.start({ ...rest, ...heardBy(adverts[0]) }, ofWorkers)
      return new DataPlane([only], options, { adverts, report })
    }
    const steering = steer(of, options)
    const workers: WorkerThread[] = []
    try {
      const shares = { of, counts: new SharedCounts().buffer, reopening: reopeningMemory(options.devices.length) }
      const relays = options.devices.map(({ kind }) => (kind === 'tap' ? arpRelayEnds(of) : []))
      // One after the other: a fanout group numbers its members in the order of joining.
      for (let index = 0; index < of; index++) {
        stop?.throwIfAborted()
        const devices = options.devices.map((device, i) =>
          shared(device, steering, workers[0]?.groups[i], relays[i]![index]),
        )
        const director = directorOf(rest, index, of)
        const flowMaps = workers[0]?.flowMaps
        const own = {
          devices,
          director,
          worker: { index, ...shares },
          ...heardBy(adverts[index]),
          ...(flowMaps && { flowMaps }),
        }
        workers.push(await WorkerThread.start({ ...rest, ...own }, ofWorkers))
      }
      return new DataPlane(workers, options, { adverts, report, steering })
    } catch (error) {
      for (const worker of workers) await worker.stop()
      steering.close()
      throw error
    }
  }

  private constructor(
    workers: readonly WorkerThread[],
    { director }: DataPlaneOptions,
    { adverts, report, steering }: Around,
  ) {
    const [first] = workers as [WorkerThread]
    this.devices = first.devices
    this.threads = workers.map(({ thread }) => thread)
    this.adverts = adverts.map(memory => new AdvertReader(memory))
    this.#workers = workers
    this.#steering = steering
    this.#control = steering
      ? new JointControl(workers, report, new SteeredAddresses(steering, director, report))
      : first
    this.ended = Promise.all(workers.map(({ ended }) => ended)).then(() => {})
    this.ended.catch(() => {})
  }

  call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    return this.#control.call(request)
  }

  /** Has the data plane do what a virtual router wants. It speaks by the first worker. */
  order(order: RouterOrder): void {
    for (const worker of order.kind === 'withhold' ? this.#workers : this.#workers.slice(0, 1)) worker.order(order)
  }

  /** Ends the threads. Their devices are closed when this resolves. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#workers.map(worker => worker.stop()))
    this.#steering?.close()
    await this.ended
  }
}

/** What a data plane has besides its workers. */
interface Around {
  readonly adverts: readonly SharedArrayBuffer[]
  readonly report: (problem: string) => void
  readonly steering?: Steering
}

function heardBy(adverts: SharedArrayBuffer | undefined): { adverts?: SharedArrayBuffer } {
  return adverts === undefined ? {} : { adverts }
}

/** Passes a line marked `once` only the first time, whichever worker reports it. */
function sayingOnce(report: (problem: string) => void): Report {
  const said = new Set<string>()
  return (problem, once) => {
    if (once && said.has(problem)) return
    if (once) said.add(problem)
    report(problem)
  }
}

function steer(workers: number, { director }: DataPlaneOptions): Steering {
  try {
    return new Steering({ workers, mask: director.clientMask ?? WHOLE_ADDRESS, seed: director.seed })
  } catch (error) {
    if (!(error instanceof SystemError)) throw error
    throw new DataPlaneError(`--workers: ${whyNoBpf(error)}`)
  }
}

/** A worker's device options: a raw interface joins the fanout group of the first worker's; a TAP device relays ARP. */
function shared(
  device: DeviceOptions,
  { fanoutFd, tapFd }: Steering,
  group: FanoutGroup | undefined,
  arp: ArpRelayEnds | undefined,
): DeviceOptions {
  if (device.kind === 'raw') return { ...device, sharing: { programFd: fanoutFd, group } }
  if (device.kind === 'libpcap') throw new UsageError('--libpcap goes with one worker')
  return { ...device, sharing: { programFd: tapFd, arp: arp! } }
}

/** The nth worker's share of so many connections. The shares add up to all of them and differ by at most one. */
export function shareOf(connections: number, index: number, of: number): number {
  return Math.floor(connections / of) + (index < connections % of ? 1 : 0)
}

/** A worker's director options: its share of the connections, a seed of its own. */
function directorOf({ director }: DataPlaneOptions, index: number, of: number): DataPlaneOptions['director'] {
  const { maxConnections = DEFAULT_MAX_CONNECTIONS, seed, clientMask = WHOLE_ADDRESS, record } = director
  return {
    ...director,
    ...(record && { record: { ...record, octets: Math.floor(record.octets / of) } }),
    maxConnections: shareOf(maxConnections, index, of),
    seed: (seed + Math.imul(index, SEED_STEP)) >>> 0,
    clientMask,
  }
}
