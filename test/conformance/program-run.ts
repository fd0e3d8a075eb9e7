import { closeFlowMaps, makeFlowMaps } from '../../src/ebpf/flow-maps.js'
import { ProgramFlows } from '../../src/ebpf/program-flows.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { SEEN, SLOT_WORDS } from '../../src/packet/flow-slot.js'
import type { Link } from '../../src/packet/link.js'
import type { FlowKey } from '../../src/packet/flow-table.js'
import { keyText } from '../ebpf/flow-bench.js'
import { LONGEST, TestRun } from '../ebpf/test-run.js'
import { readU16, readU32 } from '../support/octets.js'
import type { Forwarder } from './forwarder.js'
import { LINKS } from './rig-network.js'

/** linux/pkt_cls.h: TC_ACT_REDIRECT. */
const REDIRECT = 7
const HAS_KEY = 38
const [CAPACITY, HOPS] = [4096, 64]
const SOURCE_AT = 6
/** Interfaces that are only told apart. */
const FIRST_IFINDEX = 1001

/** The program before the rig's links, run by the kernel (BPF_PROG_TEST_RUN) frame by frame; its clock is the rig's. */
export class ProgramRun implements Forwarder {
  readonly #maps = makeFlowMaps({ capacity: CAPACITY, hops: HOPS })
  readonly #front = new ProgramFront({ flows: this.#maps })
  readonly table = new TimedFlows(this.#maps)
  readonly #run = new TestRun()

  constructor() {
    LINKS.forEach((_, index) => this.table.setLink(index, FIRST_IFINDEX + index))
  }

  set nowMs(ms: number) {
    this.table.nowMs = ms
  }

  /** A test run's interface is `lo`, whose MAC is 0: that stands for the link's. */
  forward({ mac }: Link, octets: Uint8Array): { link: number; frame: Uint8Array } | undefined {
    if (octets.length < HAS_KEY || octets.length > LONGEST) return undefined
    const frame = Uint8Array.from(octets)
    const isToUs = readU16(frame, 0) === mac.hi && readU32(frame, 2) === mac.lo
    frame.fill(isToUs ? 0 : 2, 0, SOURCE_AT)
    const { answer, out } = this.#run.run(this.#front.programFd('exclusive'), frame)
    if (answer !== REDIRECT) return undefined
    this.table.touch(keyText(octets))
    const left = Uint8Array.from(out)
    const link = LINKS.findIndex(({ mac }) => mac.endsWith(`0${left[10]}:0${left[11]}`))
    return { link, frame: left }
  }

  close(): void {
    this.table.close()
    this.#front.close()
    closeFlowMaps(this.#maps)
  }
}

/** The program's table, with a clock that is told. */
class TimedFlows extends ProgramFlows {
  nowMs = 0
  readonly #slotOf = new Map<string, number>()

  override now(): number {
    return Math.floor((this.nowMs * 1e6) / 2 ** 20) | 0
  }
  override claim(key: FlowKey): number {
    const { src, dst, ports, protocol } = key
    const slot = super.claim(key)
    this.#slotOf.set([src, dst, ports, protocol].join(), slot)
    return slot
  }
  /** The program has written its own time. */
  touch(key: string): void {
    this.slots[this.#slotOf.get(key)! * SLOT_WORDS + SEEN] = this.now()
  }
}
