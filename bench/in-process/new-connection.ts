import type { WorkerOptions } from '../../src/director/options.js'
import { schedulers } from '../../src/sched/index.js'
import { benchDirector, VIP } from './bench-director.js'
import type { Group } from './measure.js'
import { FULLNAT, NAT, type Mode } from './modes.js'
import { BATCH, clientAddr, clientPort, CountingEgress } from './scene.js'
import { timedWithCopy } from './timed.js'
import { AT, FRAME_LEN, SLOT, Slots, SYN, Traffic } from './traffic.js'

const SERVERS = 64
/** Connections open at a time: then the clock jumps past SYN_RECV's 60 s, which ends them all; the cost is spread over them. */
const OPEN = 2 ** 16
const JUMP_MS = 61_000
/** Clients, each with one SYN, before the first is used again. */
const CLIENTS = 2 ** 18

/** The cost of a SYN that opens a connection, with 64 real servers of weights 1 to 64, and of that connection's end. */
export function newConnection(): Group[] {
  return [...[...schedulers.keys()].map(scheduler => group(NAT, scheduler)), group(FULLNAT, 'rr')]
}

function group(mode: Mode, scheduler: string): Group {
  const name = `new connection and its end, ${mode.name}, ${scheduler}, ${SERVERS} servers`
  return { name, measures: [timedWithCopy(name, BATCH, () => opening(mode, scheduler))] }
}

/** `worker`: measure a director that shares its counts with others. */
export function opening(mode: Mode, scheduler: string, worker?: WorkerOptions): { run(): void; copy(): void } {
  const director = benchDirector({
    mode,
    scheduler,
    servers: SERVERS,
    capacity: 2 * OPEN,
    egress: new CountingEgress(),
    ...(worker && { worker }),
  })
  const slots = new Slots(BATCH)
  const traffic = new Traffic(CLIENTS)
  for (let i = 0; i < CLIENTS; i++) traffic.set(i, clientAddr(i), clientPort(i), VIP, 80)
  const client = director.links[0]!
  let next = 0
  let now = 1
  const copy = (): void => {
    for (let i = 0; i < BATCH; i++) {
      traffic.write(next, slots, i)
      slots.setFlags(i, SYN)
      next = (next + 1) & (CLIENTS - 1)
    }
  }
  const run = (): void => {
    if ((next & (OPEN - 1)) === 0) {
      now += JUMP_MS
      while (!director.poll(now));
      if (director.conns.table.count !== 0) throw new Error('connections of the benchmark outlived their time')
    }
    copy()
    for (let i = 0; i < BATCH; i++) director.receive(client, slots.slab, i * SLOT + AT, FRAME_LEN)
  }
  return { run, copy }
}
