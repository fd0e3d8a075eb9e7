import type { Director } from '../src/director/director.js'
import type { Device, FrameSink } from '../src/packet/device.js'
import type { Egress } from '../src/packet/frame.js'
import type { Station } from './network.js'

/** Frames taken from one device in a turn: a bound, so that one busy arm does not starve the other. */
const BUDGET = 256

/** Where a director on these devices hands its frames: port n is device n. */
export function egressTo(devices: readonly Device[]): Egress {
  return { transmit: (port, slab, at, len) => devices[port.index]!.transmit(slab, at, len) }
}

/** Turns a director as the real loop does (src/packet/device.ts): receive on every device, flush every one, release every one. */
export class DeviceLoop implements Station {
  readonly #director: Director
  readonly #devices: readonly Device[]
  readonly #sinks: readonly FrameSink[]

  /** `devices` in the order of the director's ports. */
  constructor(director: Director, devices: readonly Device[]) {
    this.#director = director
    this.#devices = devices
    this.#sinks = director.ports.map(port => ({ frame: (slab, at, len) => void director.receive(port, slab, at, len) }))
  }

  turn(now: number): number {
    this.#director.poll(now)
    let frames = 0
    for (let i = 0; i < this.#devices.length; i++) frames += this.#devices[i]!.receive(this.#sinks[i]!, BUDGET)
    for (const device of this.#devices) device.flush()
    for (const device of this.#devices) device.release()
    return frames
  }
}
