import type { Director } from '../../src/director/director.js'
import { LookAhead } from '../../src/director/look-ahead.js'
import { VIP } from './bench-director.js'
import { type Figures, type Group, type Measure, once, type Plan } from './measure.js'
import { NAT } from './modes.js'
import { quantile } from './quantile.js'
import { BATCH, openScene, type Scene } from './scene.js'
import { AT, FRAME_LEN, SLOT, SYN, Traffic } from './traffic.js'
import type { Ipv4Addr } from '../../src/wire/addr.js'

const BATCHES = 50_000
const WARM_UP = 5_000
/** SYNs of new clients in a mixed batch. */
const NEW = 8
/** More than are open at a time: one batch a ms, and 60 s until such a connection ends. */
const NEW_CLIENTS = 2 ** 19
/** With each batch the clock advances by so many ms, so that connections end and the wheel turns as they would in minutes. */
const MS_A_BATCH = 1

/**
 * The duration of one batch of 64 frames, poll included, with its frames already written: quantiles of 50 000 batches, with
 * garbage collection as it occurs. For open connections alone, and with 8 new ones in each batch, which end a minute later.
 */
export function batchTimes({ connections }: Plan): Group[] {
  return connections.map(count => {
    const bench = once(() => new Batches(openScene(NAT, count, { room: NEW_CLIENTS })))
    const measure = (what: string, fresh: number): Measure => {
      const name = `one batch of ${BATCH}, NAT, ${count} connections, ${what}`
      return { name, rounds: 3, figures: () => bench().quantiles(fresh) }
    }
    const measures = [measure('established packets', 0), measure(`${NEW} of them new connections`, NEW)]
    return { name: `one batch of ${BATCH}, NAT, ${count}`, measures }
  })
}

class Batches {
  readonly #scene: Scene
  readonly #sink: LookAhead
  readonly #fresh = new Traffic(NEW_CLIENTS)
  readonly #times = new Float64Array(BATCHES)
  #now = performance.now()
  #nextOpen = 0
  #nextFresh = 0
  #isWarm = false

  constructor(scene: Scene) {
    this.#scene = scene
    this.#sink = new LookAhead(scene.director, scene.director.links[0]!)
    for (let i = 0; i < NEW_CLIENTS; i++) this.#fresh.set(i, (0x0c000000 + i) as Ipv4Addr, 40_000, VIP, 80)
  }

  quantiles(fresh: number): Figures {
    const { director, egress } = this.#scene
    if (!this.#isWarm) for (let i = 0; i < WARM_UP; i++) this.#batch(director, i % 2 === 0 ? NEW : 0)
    this.#isWarm = true
    const before = egress.sent
    const times = this.#times
    for (let i = 0; i < BATCHES; i++) times[i] = this.#batch(director, fresh) * 1000
    if (egress.sent !== before + BATCHES * BATCH) throw new Error('a frame of the benchmark was not sent')
    return {
      'µs p50': quantile(times, 0.5),
      'µs p99': quantile(times, 0.99),
      'µs p99.99': quantile(times, 0.9999),
      'µs max': quantile(times, 1),
    }
  }

  /** The ms of one batch. */
  #batch(director: Director, fresh: number): number {
    const { slots, inbound } = this.#scene
    for (let i = 0; i < BATCH - fresh; i++) {
      inbound.write(this.#nextOpen, slots, i)
      if (++this.#nextOpen === inbound.count) this.#nextOpen = 0
    }
    for (let i = BATCH - fresh; i < BATCH; i++) {
      this.#fresh.write(this.#nextFresh, slots, i)
      slots.setFlags(i, SYN)
      this.#nextFresh = (this.#nextFresh + 1) % NEW_CLIENTS
    }
    const sink = this.#sink
    const began = performance.now()
    director.poll((this.#now += MS_A_BATCH))
    for (let i = 0; i < BATCH; i++) sink.frame(slots.slab, i * SLOT + AT, FRAME_LEN)
    sink.done()
    return performance.now() - began
  }
}
