import { VIP } from './bench-director.js'
import type { Group, Measure, Plan } from './measure.js'
import { objectPacket } from './reference/object-packet.js'
import { plainRewrite } from './reference/plain-rewrite.js'
import { SortedTimers } from './reference/sorted-timers.js'
import { StringMapTable } from './reference/string-map-table.js'
import { BATCH, clientAddr, clientPort, shuffled } from './scene.js'
import { timed, timedWithCopy } from './timed.js'
import { AT, FRAME_LEN, SLOT, Slots, Traffic } from './traffic.js'

/** Above these sizes the references take gigabytes, or seconds. */
const MOST_TEXTS = 1_000_000
const MOST_TIMERS = 100_000

/** The same stages as a first version would have them: slow, and obviously right. */
export function references({ connections }: Plan): Group[] {
  return connections.map(count => {
    const measures: Measure[] = [
      timed('reference parse, an object a packet', BATCH, parsing),
      timedWithCopy('reference rewrite, checksums made anew', BATCH, rewriting),
    ]
    if (count <= MOST_TEXTS)
      measures.push(timed(`reference lookup, Map by text, ${count} connections`, BATCH, () => lookups(count)))
    if (count <= MOST_TIMERS)
      measures.push(timed(`reference timer, sorted array, ${count} connections`, BATCH, () => timers(count)))
    return { name: `references, ${count}`, measures }
  })
}

function parsing(): () => void {
  const { slots } = frames()
  const all = Buffer.from(slots.slab.bytes.buffer as ArrayBuffer)
  return () => {
    for (let i = 0; i < BATCH; i++) {
      const at = i * SLOT + AT
      if (objectPacket(all.subarray(at, at + FRAME_LEN)) === undefined) throw new Error('a frame is no packet')
    }
  }
}

function rewriting(): { run(): void; copy(): void } {
  const { slots, write } = frames()
  const { bytes, view } = slots.slab
  return {
    run() {
      write()
      for (let i = 0; i < BATCH; i++) plainRewrite(bytes, view as DataView, i * SLOT + AT + 14, 0x0a010101, 8080)
    },
    copy: write,
  }
}

function frames(): { slots: Slots; write(): void } {
  const slots = new Slots(BATCH)
  const traffic = new Traffic(BATCH)
  for (let i = 0; i < BATCH; i++) traffic.set(i, clientAddr(i), clientPort(i), VIP, 80)
  const write = (): void => {
    for (let i = 0; i < BATCH; i++) traffic.write(i, slots, i)
  }
  write()
  return { slots, write }
}

function lookups(count: number): () => void {
  const table = new StringMapTable()
  for (let i = 0; i < count; i++) table.insert(6, clientAddr(i), clientPort(i), VIP, 80, i)
  return inOrder(count, i => {
    if (table.lookup(6, clientAddr(i), clientPort(i), VIP, 80) !== i) throw new Error('a connection was not found')
  })
}

function timers(count: number): () => void {
  const sorted = new SortedTimers(count)
  for (let i = 0; i < count; i++) sorted.start(i, i)
  let now = count
  return inOrder(count, i => sorted.restart(i, now++))
}

function inOrder(count: number, step: (i: number) => void): () => void {
  const order = shuffled(count)
  let next = 0
  return () => {
    for (let n = 0; n < BATCH; n++) {
      step(order[next]!)
      if (++next === count) next = 0
    }
  }
}
