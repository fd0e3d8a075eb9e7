import type { Director } from '../../src/director/director.js'
import { LookAhead } from '../../src/director/look-ahead.js'
import { BATCH, type CountingEgress, type Scene } from './scene.js'
import { AT, FRAME_LEN, SLOT, type Slots, type Traffic } from './traffic.js'

/** Sends 64 frames a run, the next 64 each time, as the loop does. */
export class Walk {
  readonly #director: Director
  readonly #egress: CountingEgress
  readonly #slots: Slots
  readonly #traffic: Traffic
  readonly #sink: LookAhead
  readonly #batch: number
  #next = 0

  constructor({ director, egress, slots }: Scene, traffic: Traffic, link: number, batch: number) {
    this.#director = director
    this.#egress = egress
    this.#slots = slots
    this.#traffic = traffic
    this.#sink = new LookAhead(director, director.links[link]!)
    this.#batch = batch
  }

  readonly run = (): void => {
    const director = this.#director
    const { slab } = this.#slots
    const sink = this.#sink
    const before = this.#egress.sent
    director.poll(performance.now())
    for (let done = 0; done < BATCH; done += this.#batch) {
      this.#write()
      for (let i = 0; i < this.#batch; i++) sink.frame(slab, i * SLOT + AT, FRAME_LEN)
      sink.done()
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
