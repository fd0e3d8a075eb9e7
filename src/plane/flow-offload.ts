import { closeFlowMaps, makeFlowMaps } from '../ebpf/flow-maps.js'
import { whyNoBpf } from '../ebpf/front-refused.js'
import { MOST_PARTS, type FlowMaps } from '../ebpf/flow-parts.js'
import { ProgramFlows } from '../ebpf/program-flows.js'
import { ProgramFront } from '../ebpf/program-front.js'
import { RawDevice } from '../io/raw-device.js'
import { SystemError } from '../linux/libc.js'
import type { Device } from '../packet/device.js'
import type { OffloadOptions } from './offload-options.js'
import type { WorkerData } from './worker-messages.js'

const DEFAULT_MOST_FLOWS = 2 ** 18
const HOPS = 16_384

interface FrontOptions {
  readonly offload: OffloadOptions | undefined
  readonly workers: number
  readonly maxConnections: number
  readonly synBudget: number
  readonly seed: number
  /** Whether flows are to outlive the director. */
  readonly isKept: boolean
}

/** The front of the first worker's devices; with `maps`, its programs forward flows. `note`: why they do not, a line for the log. */
export interface OpenedFront {
  readonly front: ProgramFront
  readonly maps?: FlowMaps
  readonly note?: string
}

/**
 * SystemError where the kernel may not be given programs at all. `workers` directors with so many connections each share the flows.
 * `synBudget`: SYNs a second that a service has, 0 for no bound; `seed`: a random number.
 */
export function openFront({
  offload,
  workers,
  maxConnections,
  synBudget: perSecond,
  seed,
  isKept,
}: FrontOptions): OpenedFront {
  const budget = perSecond === 0 ? {} : { synBudget: { perSecond, seed } }
  if (offload === undefined) return { front: new ProgramFront(budget) }
  if (workers > MOST_PARTS) return { front: new ProgramFront(budget), note: `of more than ${MOST_PARTS} workers` }
  const flows = offload.flows ?? Math.min(2 * maxConnections * workers, DEFAULT_MOST_FLOWS)
  let maps: FlowMaps | undefined
  try {
    maps = makeFlowMaps({ capacity: shareOf(flows, workers), hops: HOPS, parts: workers, seed, isKept })
    return { front: new ProgramFront({ flows: maps, ...budget }), maps }
  } catch (error) {
    if (maps) closeFlowMaps(maps)
    if (!(error instanceof SystemError)) throw error
    return { front: new ProgramFront(budget), note: whyNoBpf(error) }
  }
}
function shareOf(flows: number, workers: number): number {
  return Math.max(1, Math.floor(flows / workers))
}

/** Why no flow is handed to a program, in a line. undefined: flows may be. `opened`: what there is of a front. */
export function whyNotOffloaded(
  { devices, offload }: Pick<WorkerData, 'devices' | 'offload'>,
  opened: Partial<OpenedFront> | undefined,
): string | undefined {
  if (opened?.maps) return undefined
  if (devices.every(({ kind }) => kind !== 'raw')) return 'what a TAP device hears comes to uvs alone'
  return offload === undefined ? 'the director was started with --offload off' : opened?.note
}

/** A worker's table of flows, told by which interfaces its devices' frames come in and leave. */
export function flowTable(maps: FlowMaps, worker: number, devices: readonly Device[]): ProgramFlows {
  const table = new ProgramFlows(maps, worker)
  devices.forEach((device, index) => servesBy(table, index, device))
  return table
}
/** The link has this device from now on. */
export function servesBy(table: ProgramFlows, index: number, device: Device): void {
  table.setLink(index, device instanceof RawDevice ? device.frontedBy : undefined)
}
