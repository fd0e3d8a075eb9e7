import type { Director } from '../src/director/director.js'
import { type Group, type Measure, once, type Plan } from './measure.js'
import { MODES, type Mode } from './modes.js'
import { BATCH, openScene, type CountingEgress, type Scene } from './scene.js'
import { timedWithCopy } from './timed.js'
import { AT, FRAME_LEN, SLOT, type Slots, type Traffic } from './traffic.js'

/**
 * What a packet of an open connection costs from Director.receive to the device, its connections in a random order: each
 * written into its slot and handled at once, and in batches, where 64 are written before the first is handled.
 */
export function established({ connections }: Plan): Group[] {
  return connections.flatMap(count => MODES.map(mode => group(mode, count)))
}

function group(mode: Mode, count: number): Group {
  const scene = once(() => openScene(mode, count))
  const directions = mode.outbound ? (['inbound', 'outbound'] as const) : (['inbound'] as const)
  const name = `established packet, ${mode.name}`
  const measures = directions.flatMap((direction): Measure[] => [
    timedWithCopy(`${name}, ${direction}, ${count} connections, one by one`, BATCH, () => walk(scene(), direction, 1)),
    timedWithCopy(`${name}, ${direction}, ${count} connections, by ${BATCH}`, BATCH, () =>
      walk(scene(), direction, BATCH),
    ),
  ])
  return { name: `${name}, ${count}`, measures }
}

function walk(scene: Scene, direction: 'inbound' | 'outbound', batch: number): Walk {
  return new Walk(scene, scene[direction], direction === 'inbound' ? 0 : 1, batch)
}

/** Sends 64 frames a run, the next ones each time. */
class Walk {
  readonly #director: Director
  readonly #egress: CountingEgress
  readonly #slots: Slots
  readonly #traffic: Traffic
  readonly #port: number
  readonly #batch: number
  #next = 0

  constructor({ director, egress, slots }: Scene, traffic: Traffic, port: number, batch: number) {
    this.#director = director
    this.#egress = egress
    this.#slots = slots
    this.#traffic = traffic
    this.#port = port
    this.#batch = batch
  }

  readonly run = (): void => {
    const director = this.#director
    const { slab } = this.#slots
    const port = director.ports[this.#port]!
    const before = this.#egress.sent
    director.poll(performance.now())
    for (let done = 0; done < BATCH; done += this.#batch) {
      this.#write()
      for (let i = 0; i < this.#batch; i++) director.receive(port, slab, i * SLOT + AT, FRAME_LEN)
    }
    if (this.#egress.sent !== before + BATCH) throw new Error('a frame of the benchmark was not sent')
  }
  readonly copy = (): void => {
    for (let done = 0; done < BATCH; done += this.#batch) this.#write()
  }

  #write(): void {
    const { count } = this.#traffic
    for (let i = 0; i < this.#batch; i++) {
      this.#traffic.write(this.#next, this.#slots, i)
      if (++this.#next === count) this.#next = 0
    }
  }
}
