/*
 * One turn of the loop:
 * 1. poll the director
 * 2. handle the frames of every device in place
 * 3. flush every device
 * 4. enter the flows that the frames were of
 * 5. return the frames' memory to every device
 */
import type { Device } from '../packet/device.js'
import type { Egress, Slab } from '../packet/frame.js'
import type { Link } from '../packet/link.js'
import type { Director } from './director.js'
import { LookAhead } from './look-ahead.js'

/** The most frames of one device in one turn. More would delay the first ones. */
const BUDGET = 256

/** Hands frames to the devices. A link's index is its device's. */
export class DeviceEgress implements Egress {
  readonly #devices: readonly Device[]

  constructor(devices: readonly Device[]) {
    this.#devices = devices
  }
  transmit(link: Link, slab: Slab, at: number, len: number): boolean {
    return this.#devices[link.index]!.transmit(slab, at, len)
  }
  toKernel(link: Link, slab: Slab, at: number, len: number): boolean {
    return this.#devices[link.index]!.toKernel?.(slab, at, len) ?? false
  }
}

/** Runs a director over its devices. It never blocks, and no frame makes it throw. */
export class Loop {
  readonly #director: Director
  readonly #devices: readonly Device[]
  readonly #sinks: readonly LookAhead[]
  /** Whether the last poll did all due work. */
  #caughtUp = true

  constructor(director: Director, devices: readonly Device[]) {
    this.#director = director
    this.#devices = devices
    const links = director.loopback ? [...director.links, director.loopback] : director.links
    this.#sinks = links.map(link => new LookAhead(director, link))
  }

  /** Makes one turn. Returns how many frames came in. */
  turn(nowMs: number): number {
    const devices = this.#devices
    this.#caughtUp = this.#director.poll(nowMs)
    let frames = 0
    for (let i = 0; i < devices.length; i++) {
      const sink = this.#sinks[i]!
      frames += devices[i]!.receive(sink, BUDGET)
      sink.done()
    }
    for (let i = 0; i < devices.length; i++) devices[i]!.flush()
    this.#director.flows?.flush()
    for (let i = 0; i < devices.length; i++) devices[i]!.release()
    return frames
  }

  /** How long the next turn may wait if no frame comes, in whole ms. */
  get idleMs(): number {
    return this.#caughtUp ? this.#director.idleMs : 0
  }
}
