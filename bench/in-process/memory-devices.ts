import { MemoryDevice } from '../../native-free/memory-device.js'
import { DeviceEgress, Loop } from '../../src/director/loop.js'
import type { FrameSink } from '../../src/packet/device.js'
import type { Slab } from '../../src/packet/frame.js'
import { MAC } from './bench-director.js'
import { type Group, once, type Plan } from './measure.js'
import { NAT } from './modes.js'
import { BATCH, openScene, type Scene } from './scene.js'
import { timedWithCopy } from './timed.js'
import { AT, FRAME_LEN, SLOT, type Traffic } from './traffic.js'

const BUDGET = 256

/**
 * The whole path through memory devices and the loop: 64 frames are put on a wire, the loop makes one turn, and they are taken off
 * the other wire. The cost of the wires alone, with the same frames going straight across, is reported and subtracted.
 */
export function memoryDevices({ connections }: Plan): Group[] {
  return connections.map(count => {
    const lab = once(() => new MemoryLab(count))
    const measures = (['inbound', 'outbound'] as const).map(direction => {
      const name = `loop over memory devices, NAT, ${direction}, ${count} connections`
      return timedWithCopy(name, BATCH, () => lab().carrying(direction), 'the wires')
    })
    return { name: `loop over memory devices, ${count}`, measures }
  })
}

class MemoryLab {
  readonly #scene: Scene
  readonly #near: MemoryDevice[]
  readonly #far: MemoryDevice[]
  readonly #loop: Loop

  constructor(count: number) {
    const [near, far] = ['near', 'far'].map(end => ['c', 's'].map(name => device(`${end}-${name}`))) as [
      MemoryDevice[],
      MemoryDevice[],
    ]
    for (let i = 0; i < near.length; i++) MemoryDevice.link(near[i]!, far[i]!)
    this.#near = near
    this.#far = far
    this.#scene = openScene(NAT, count)
    this.#scene.egress.through = new DeviceEgress(near)
    this.#loop = new Loop(this.#scene.director, near)
  }

  carrying(direction: 'inbound' | 'outbound'): { run(): void; copy(): void } {
    const [from, to] = direction === 'inbound' ? [0, 1] : [1, 0]
    const traffic = this.#scene[direction]
    const [near, far] = [this.#near, this.#far]
    const sink = new Counter()
    const across = new Across(near[to]!)
    let next = 0
    const begin = (): void => {
      next = this.#send(traffic, next, far[from]!)
    }
    const end = (): void => {
      sink.frames = 0
      far[to]!.receive(sink, BUDGET)
      far[to]!.release()
      if (sink.frames !== BATCH) throw new Error(`${sink.frames} of ${BATCH} frames of the benchmark went across`)
    }
    return {
      run: () => {
        begin()
        this.#loop.turn(performance.now())
        end()
      },
      copy: () => {
        begin()
        near[from]!.receive(across, BUDGET)
        near[to]!.flush()
        near[from]!.release()
        end()
      },
    }
  }

  #send(traffic: Traffic, next: number, by: MemoryDevice): number {
    const { slots } = this.#scene
    for (let i = 0; i < BATCH; i++) {
      traffic.write(next, slots, i)
      if (++next === traffic.count) next = 0
      by.transmit(slots.slab, i * SLOT + AT, FRAME_LEN)
    }
    by.flush()
    return next
  }
}

function device(name: string): MemoryDevice {
  return new MemoryDevice({ name, mac: MAC })
}

class Counter implements FrameSink {
  frames = 0
  frame(): void {
    this.frames++
  }
}

/** Passes frames on to the other device unchanged. */
class Across implements FrameSink {
  readonly #to: MemoryDevice

  constructor(to: MemoryDevice) {
    this.#to = to
  }
  frame(slab: Slab, at: number, len: number): void {
    this.#to.transmit(slab, at, len)
  }
}
