/*
 * One turn of the loop:
 * 1. the clock is read and the director polled
 * 2. frames of every device are handled where they lie
 * 3. every device sends what was queued for it
 * 4. every device takes its frames' memory back
 */
import type { Device } from '../packet/device.js'
import type { Egress, Slab } from '../packet/frame.js'
import type { Link } from '../packet/link.js'
import type { Director } from './director.js'
import { LookAhead } from './look-ahead.js'

/** Frames of one device in one turn. More would only let the first ones wait. */
const BUDGET = 256

/** The director's way to its devices: the link's number is the device's. */
export class DeviceEgress implements Egress {
  readonly #devices: readonly Device[]

  constructor(devices: readonly Device[]) {
    this.#devices = devices
  }
  transmit(link: Link, slab: Slab, at: number, len: number): boolean {
    return this.#devices[link.index]!.transmit(slab, at, len)
  }
}

/** Runs a director over its devices. It never blocks, and no frame makes it throw. */
export class Loop {
  readonly #director: Director
  readonly #devices: readonly Device[]
  readonly #sinks: readonly LookAhead[]
  /** Whether the last poll had done all that was due. */
  #caughtUp = true

  constructor(director: Director, devices: readonly Device[]) {
    this.#director = director
    this.#devices = devices
    this.#sinks = director.links.map(link => new LookAhead(director, link))
  }

  /** Makes one turn, at `now` in ms. Returns how many frames came in. */
  turn(now: number): number {
    const devices = this.#devices
    this.#caughtUp = this.#director.poll(now)
    let frames = 0
    for (let i = 0; i < devices.length; i++) {
      const sink = this.#sinks[i]!
      frames += devices[i]!.receive(sink, BUDGET)
      sink.done()
    }
    for (let i = 0; i < devices.length; i++) devices[i]!.flush()
    for (let i = 0; i < devices.length; i++) devices[i]!.release()
    return frames
  }

  /** How long nothing will be due, in whole ms, if no frame comes. */
  get idleMs(): number {
    return this.#caughtUp ? this.#director.idleMs : 0
  }
}
