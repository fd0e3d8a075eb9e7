/*
 * A thread that writes a slot again and again, in ever another epoch and form, as the director does. Data: the maps, and `ends`: the
 * first word set to 1 ends it, the second says that it has begun.
 */
import { isMainThread, workerData } from 'node:worker_threads'
import { formOf, SlotWriter } from '../../src/director/offload/slot-writer.js'
import type { FlowMaps } from '../../src/ebpf/flow-parts.js'
import { ProgramFlows } from '../../src/ebpf/program-flows.js'
import { parseIpv4 } from '../../src/wire/addr.js'

export const SLOT = 1
/** So many forms: to another server, port and next hop each; the last by direct routing. */
export const HOPS = 3
const [CLIENT, VIP, FIRST_SERVER] = ['10.99.1.10', '10.99.1.100', '10.99.2.11'].map(text => parseIpv4(text)!)
const PORTS = (40_000 << 16) | 80
let writer: SlotWriter | undefined

/** What the director decides of the flow in that epoch. */
export function writeForm(table: ProgramFlows, epoch: number): void {
  writer ??= new SlotWriter(table)
  const which = epoch % HOPS
  const change = {
    src: CLIENT!,
    dst: VIP!,
    ports: PORTS,
    toSrc: CLIENT!,
    toDst: FIRST_SERVER! + which * 259,
    toPorts: PORTS + which * 771,
  }
  table.setEpoch(epoch)
  writer.write(SLOT, formOf(true, which !== 2, false), 1500, 1 + which, epoch, change)
}

if (!isMainThread) {
  const { maps, ends } = workerData as { maps: FlowMaps; ends: Int32Array }
  const table = new ProgramFlows(maps)
  for (let epoch = 10; Atomics.load(ends, 0) === 0; epoch++) {
    writeForm(table, epoch)
    Atomics.store(ends, 1, 1)
    Atomics.notify(ends, 1)
  }
  table.close()
}
