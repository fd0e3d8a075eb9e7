import type { Device, FrameSink } from '../src/packet/device.js'
import type { Slab } from '../src/packet/frame.js'
import type { Station } from './network.js'

const BUDGET = 256

/**
 * A learning Ethernet switch: a frame leaves by the port on which its destination was last seen as a source; if there is none,
 * by all other ports. The devices are the switch's own ends of the wires.
 */
export class Switch implements Station {
  readonly #ports: readonly Device[]
  readonly #sinks: readonly FrameSink[]
  /** MAC address, as a number of 48 bits → port. */
  readonly #seen = new Map<number, Device>()

  constructor(ports: readonly Device[]) {
    this.#ports = ports
    this.#sinks = ports.map(from => ({ frame: (slab, at, len) => this.#pass(from, slab, at, len) }))
  }

  turn(): number {
    let frames = 0
    this.#ports.forEach((port, i) => (frames += port.receive(this.#sinks[i]!, BUDGET)))
    for (const port of this.#ports) port.flush()
    for (const port of this.#ports) port.release()
    return frames
  }

  #pass(from: Device, slab: Slab, at: number, len: number): void {
    this.#seen.set(mac(slab, at + 6), from)
    const to = this.#seen.get(mac(slab, at))
    if (to === from) return
    if (to) {
      to.transmit(slab, at, len)
      return
    }
    for (const port of this.#ports) if (port !== from) port.transmit(slab, at, len)
  }
}

function mac({ view }: Slab, at: number): number {
  return view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2)
}
