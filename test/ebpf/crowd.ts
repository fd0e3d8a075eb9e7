import { closeFlowMaps, makeFlowMaps } from '../../src/ebpf/flow-maps.js'
import { PLACES } from '../../src/ebpf/flow-places.js'
import { ProgramFlows } from '../../src/ebpf/program-flows.js'
import {
  EPOCH,
  EPOCH_STEP,
  FlowForm,
  FORM,
  HOP,
  KEY_DST,
  KEY_PORTS,
  KEY_SRC,
  MTU,
  PROTOCOL_SHIFT,
  SLOT_WORDS,
} from '../../src/packet/flow-slot.js'
import type { FlowMaps } from '../../src/ebpf/flow-parts.js'
import type { FlowKey } from '../../src/packet/flow-table.js'
import { tcp4 } from '../support/frames.js'
import { keyOf } from './flow-bench.js'
import type { TestRun } from './test-run.js'

const REDIRECT = 7
const [IFINDEX, HOP_NUMBER] = [1, 1]
const FRAME = tcp4('10.99.1.10:4000 > 10.99.1.100:80', { flags: 'A', eth: '02:00:00:00:01:10 > 00:00:00:00:00:00' })
/** What another flow of the same bucket has that is not this one's. */
const OTHERS: readonly [what: string, word: number, bit: number][] = [
  ['another source', KEY_SRC, 1],
  ['another destination', KEY_DST, 1],
  ['another port of the client', KEY_PORTS, 1],
  ['another port of the service', KEY_PORTS, 1 << 16],
  ['another protocol', FORM, 1 << PROTOCOL_SHIFT],
]

/** A table with one next hop, for `fillPlain`. */
export function plainTable(maps: FlowMaps): ProgramFlows {
  const table = new ProgramFlows(maps)
  const link = { index: 0, name: 'r', mac: { hi: 0, lo: 0 }, mtu: 1500, isBeside: false, claims: false }
  table.setEpoch(EPOCH_STEP)
  table.setLink(0, IFINDEX)
  table.setHop(HOP_NUMBER, link, { hi: 2, lo: 2 })
  return table
}
/** The slot's flow is this one, by direct routing. Returns where the slot begins. */
export function fillPlain({ slots }: ProgramFlows, slot: number, { src, dst, ports, protocol }: FlowKey): number {
  const at = slot * SLOT_WORDS
  slots[at + HOP] = HOP_NUMBER
  slots[at + FORM] = FlowForm.OUTBOUND | (protocol << PROTOCOL_SHIFT)
  slots[at + MTU] = 1500
  slots[at + KEY_SRC] = src
  slots[at + KEY_DST] = dst
  slots[at + KEY_PORTS] = ports
  slots[at + EPOCH] = EPOCH_STEP
  return at
}

/** A flow by direct routing in the one bucket that there is, and another flow before it, unlike it in one thing. */
export class Crowd {
  readonly maps = makeFlowMaps({ capacity: 1, hops: 2, buckets: 1, seed: 7 })
  readonly #table = plainTable(this.maps)
  /** Where the director looks first. */
  readonly #home: number

  constructor() {
    this.#home = this.#table.claim(keyOf(FRAME)) - PLACES
  }

  /** Runs a program in exclusive mode with the flow at each place. Returns where it is not found, in words. */
  firstMissed(run: TestRun, fd: number): string | undefined {
    for (let place = 1; place < PLACES; place++)
      for (const [what, word, bit] of OTHERS) {
        this.#table.slots.fill(0)
        this.#put(place)
        const at = this.#put(place - 1)
        this.#table.slots[at + word]! ^= bit
        if (run.run(fd, FRAME).answer !== REDIRECT) return `not found at place ${place}, behind ${what}`
      }
    return undefined
  }
  /** The flow is at this place, counted from where the director looks first. Returns where its slot begins. */
  #put(place: number): number {
    return fillPlain(this.#table, PLACES + ((this.#home + place) % PLACES), keyOf(FRAME))
  }

  close(): void {
    this.#table.close()
    closeFlowMaps(this.maps)
  }
}
