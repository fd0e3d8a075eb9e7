import { SimulatedFlows } from '../support/simulated-flows.js'
import { placed } from '../support/frames.js'
import type { Link } from '../../src/packet/link.js'
import type { Forwarder } from './forwarder.js'
import { ProgramRun } from './program-run.js'

/** Who forwards flows, from their first packet on: the flow program's twin in JavaScript, or the program itself, which the kernel runs. */
export type Offload = 'simulated' | 'program'

export function forwarderOf(offload: Offload): Forwarder {
  return offload === 'program' ? new ProgramRun() : new Simulation()
}

class Simulation implements Forwarder {
  readonly table = new SimulatedFlows(4096)

  set nowMs(ms: number) {
    this.table.nowMs = ms
  }
  forward(from: Link, octets: Uint8Array): { link: number; frame: Uint8Array } | undefined {
    const { slab, at, len } = placed(octets)
    const left = this.table.forward(from, slab, at, len)
    return left && { link: left.link.index, frame: slab.bytes.slice(left.at, left.at + left.len) }
  }
  close(): void {}
}
