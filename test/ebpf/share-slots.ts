/*
 * A thread that has flows of its own in slots that several share, as a worker's director has: it enters them, decides them anew and lets them
 * leave, at random. Data: `Shared`. Posts what it had done once told to end: `Done`.
 */
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { FlowBatch } from '../../src/director/offload/flow-batch.js'
import { FlowCounts } from '../../src/director/offload/flow-counts.js'
import { OwnSlots } from '../../src/director/offload/own-slots.js'
import { formOf, SlotWriter } from '../../src/director/offload/slot-writer.js'
import type { FlowMaps } from '../../src/ebpf/flow-parts.js'
import { ProgramFlows } from '../../src/ebpf/program-flows.js'
import { EPOCH, EPOCH_STEP, PROTOCOL_SHIFT, SLOT_WORDS } from '../../src/packet/flow-slot.js'
import { parseIpv4, type Ipv4Addr } from '../../src/wire/addr.js'
import { tcp4 } from '../support/frames.js'
import { keyOf } from './flow-bench.js'
import { randomFrom } from './random-frames.js'

export interface Shared {
  readonly maps: FlowMaps
  readonly part: number
  /** The first word set to 1 ends it. */
  readonly ends: Int32Array
}
export interface Done {
  readonly part: number
  readonly entered: number
  readonly refused: number
  /** By the program, as counted from the slots. */
  readonly packets: number
  /** Slots that it has not given back. */
  readonly left: number
}

/** Flows of each thread. */
export const FLOWS = 48
const TCP = 6
const [PORTS, HOP] = [(4000 << 16) | 80, 1]
const VIP = parseIpv4('10.99.1.100')!
const SERVERS = parseIpv4('10.50.0.0')!
/** A slot rests for a little more than a second. */
const RESTED_MS = 1300

/** A frame of a thread's flow, and the real server that it is to go to. */
export function frameOf(part: number, flow: number): Uint8Array {
  const eth = '02:00:00:00:01:10 > 00:00:00:00:00:00'
  return tcp4(`10.${part}.0.${flow}:4000 > 10.99.1.100:80`, { flags: 'A', payload: 20, eth })
}
export function serverOf(part: number, flow: number): Ipv4Addr {
  return (SERVERS + (part << 8) + flow) as Ipv4Addr
}

async function share({ maps, part, ends }: Shared): Promise<Done> {
  const table = new ProgramFlows(maps, part)
  table.setLink(0, 1)
  const link = { index: 0, name: 'r', mac: { hi: 0x0200, lo: 0x0201 }, mtu: 1500, isBeside: false, claims: false }
  table.setHop(table.firstHop + HOP, link, { hi: 2, lo: 2 })
  const counts = new FlowCounts(table.slots, table.notes)
  let [entered, refused, packets, epoch] = [0, 0, 0, EPOCH_STEP + part]
  const fold = (slot: number): void => {
    if (counts.take(slot)) packets += counts.packets
  }
  const own = new OwnSlots(table, fold)
  const [batch, writer, random] = [new FlowBatch(table.slots), new SlotWriter(table), randomFrom(part)]
  const slotOf = new Int32Array(FLOWS)
  const write = (flow: number, slot: number, at: number): void => {
    const client = parseIpv4(`10.${part}.0.${flow}`)!
    const to = { toSrc: client, toDst: serverOf(part, flow), toPorts: PORTS }
    const form = formOf(true, true, false) | (TCP << PROTOCOL_SHIFT)
    writer.write(slot, form, 1500, table.firstHop + HOP, at, { src: client, dst: VIP, ports: PORTS, ...to })
  }
  const enter = (flow: number): void => {
    const key = keyOf(frameOf(part, flow))
    const slot = own.claim(key)
    if (slot === 0) return void refused++
    entered++
    counts.begin(slot)
    writer.assign(slot, key)
    write(flow, slot, -epoch)
    slotOf[flow] = slot
    batch.enter(slot)
  }
  const leave = (flow: number): void => {
    own.leave(slotOf[flow]!)
    fold(slotOf[flow]!)
    slotOf[flow] = 0
  }
  table.setEpoch(epoch)
  while (Atomics.load(ends, 0) === 0) {
    for (let i = 0; i < 40; i++) {
      const flow = random(FLOWS)
      const slot = slotOf[flow]!
      if (slot === 0) enter(flow)
      else if (random(3) === 0) leave(flow)
      else {
        const at = table.slots[slot * SLOT_WORDS + EPOCH]!
        if (Math.abs(at) !== epoch) write(flow, slot, at <= -EPOCH_STEP ? -epoch : epoch)
        fold(slot)
      }
    }
    if (random(100) === 0) table.setEpoch((epoch += EPOCH_STEP))
    batch.flush()
    own.settle()
    if (random(10) === 0) await new Promise(resolve => setTimeout(resolve, 1))
  }
  for (const [flow, slot] of slotOf.entries()) if (slot !== 0) leave(flow)
  await new Promise(resolve => setTimeout(resolve, RESTED_MS))
  own.settle()
  let left = 0
  for (let slot = own.from(); slot < own.end; slot = own.from(slot + 1)) left++
  table.close()
  return { part, entered, refused, packets, left }
}

if (!isMainThread) parentPort!.postMessage(await share(workerData as Shared))
