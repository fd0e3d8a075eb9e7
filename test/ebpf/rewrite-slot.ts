/*
 * A thread that writes a slot again and again, as the director does: in ever another epoch and form, or in one epoch for ever another
 * flow. Data: the maps; `isReused`, the latter; and `ends`: the first word set to 1 ends it, the second says that it has begun.
 */
import { isMainThread, workerData } from 'node:worker_threads'
import { formOf, SlotWriter } from '../../src/director/offload/slot-writer.js'
import type { FlowMaps } from '../../src/ebpf/flow-parts.js'
import { ProgramFlows } from '../../src/ebpf/program-flows.js'
import { EPOCH, EPOCH_STEP, PROTOCOL_SHIFT, SLOT_WORDS, SlotState } from '../../src/packet/flow-slot.js'
import { parseIpv4, type Ipv4Addr } from '../../src/wire/addr.js'
import { tcp4 } from '../support/frames.js'
import { keyOf } from './flow-bench.js'

/** In the one bucket that there is. */
export const SLOT = 8
/** So many forms: to another server, port and next hop each; the last by direct routing. */
export const HOPS = 3
const [CLIENT, VIP, FIRST_SERVER] = ['10.99.1.10', '10.99.1.100', '10.99.2.11'].map(text => parseIpv4(text)!)
const PORT = 40_000
const TCP = 6
let writer: SlotWriter | undefined

/** A frame of one of the flows that the slot may have. */
export function frameOf(flow: number): Uint8Array {
  const eth = '02:00:00:00:01:10 > 00:00:00:00:00:00'
  return tcp4(`10.99.1.10:${PORT + flow} > 10.99.1.100:80`, { flags: 'A', payload: 20, eth })
}

/** Has the slot be a flow's in a form, as of the epoch of that number. */
function write(table: ProgramFlows, flow: number, which: number, epoch: number): void {
  writer ??= new SlotWriter(table)
  const ports = ((PORT + flow) << 16) | 80
  const to = { toSrc: CLIENT!, toDst: (FIRST_SERVER! + which * 259) as Ipv4Addr, toPorts: ports + which * 771 }
  writer.assign(SLOT, keyOf(frameOf(flow)))
  const form = formOf(true, which !== 2, false) | (TCP << PROTOCOL_SHIFT)
  writer.write(SLOT, form, 1500, 1 + which, epoch * EPOCH_STEP, { src: CLIENT!, dst: VIP!, ports, ...to })
}

/** What the director decides of the first flow in that epoch. */
export function writeForm(table: ProgramFlows, epoch: number): void {
  table.setEpoch(epoch * EPOCH_STEP)
  write(table, 0, epoch % HOPS, epoch)
}
/** The slot becomes that of one of two flows, to a server of its own each, in the same epoch. */
export function giveTo(table: ProgramFlows, flow: number): void {
  Atomics.store(table.slots, SLOT * SLOT_WORDS + EPOCH, SlotState.CLAIMED)
  write(table, flow, flow, 1)
}

if (!isMainThread) {
  const { maps, ends, isReused } = workerData as { maps: FlowMaps; ends: Int32Array; isReused: boolean }
  const table = new ProgramFlows(maps)
  for (let epoch = 10; Atomics.load(ends, 0) === 0; epoch++) {
    if (isReused) giveTo(table, epoch % 2)
    else writeForm(table, epoch)
    Atomics.store(ends, 1, 1)
    Atomics.notify(ends, 1)
  }
  table.close()
}
