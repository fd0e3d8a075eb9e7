import { setElement } from '../../src/ebpf/bpf.js'
import { decapProgram } from '../../src/ebpf/decap-program.js'
import { word } from '../../src/ebpf/map-keys.js'
import { ProgramDecap } from '../../src/ebpf/program-decap.js'
import { Decapsulation } from '../../src/realserver/decapsulation.js'
import { Fate, fates } from '../../src/realserver/fate.js'
import { parseIpv4, type Ipv4Addr } from '../../src/wire/addr.js'
import { concat, hex, placed } from '../support/frames.js'
import { GUE_PORT, OTHER_VIP, RIP, VIP, whyLeft } from './decap-frames.js'
import type { TestFrame } from './flow-frames.js'
import type { TestRun } from './test-run.js'

const [NEXT, REDIRECT] = [-1, 7]
export const DEVICE = 1234
const addrOf = (text: string): Ipv4Addr => parseIpv4(text)!

/** A frame, what becomes of it, and what then leaves the program. */
export interface Case extends TestFrame {
  /** Why the frame is left, or the kind of its tunnel. */
  readonly fate: string
  readonly isTaken: boolean
  readonly out: Uint8Array
}

/** The program beside the decapsulator's own code. */
export class DecapBench {
  readonly program = new ProgramDecap(DEVICE)
  readonly code = decapProgram(this.program.maps, DEVICE)
  readonly #decapsulation = new Decapsulation({
    vips: [addrOf(VIP), addrOf(OTHER_VIP)],
    guePort: GUE_PORT,
    isOwn: addr => addr === addrOf(RIP),
  })

  constructor() {
    this.program.setOwn(new Set([addrOf(RIP)]))
    this.program.setVips(new Set([VIP, OTHER_VIP].map(addrOf)))
    this.set(GUE_PORT, true)
  }

  set(guePort: number, isOpen: boolean): void {
    setElement(
      this.program.maps.settings,
      word(0),
      concat(Uint8Array.of(guePort >> 8, guePort, 0, 0), word(isOpen ? 1 : 0)),
    )
  }

  /** What is to become of a frame. */
  caseOf(each: TestFrame): Case {
    const { frame } = each
    const { slab, at, len } = placed(frame)
    const by = this.#decapsulation
    const fate = by.read(slab, at, len)
    const left = fate > Fate.GUE ? fates[fate] : whyLeft(each)
    if (left !== undefined) return { ...each, fate: left, isTaken: false, out: frame }
    const out = concat(frame.slice(0, 14), frame.slice(by.at - at))
    return { ...each, fate: fates[fate]!, isTaken: true, out }
  }

  /** What is wrong with what a program makes of a frame. */
  wrong(run: TestRun, fd: number, { frame, gsoSize, fate, isTaken, out }: Case): string | undefined {
    const counts = this.program.counts()
    run.run(fd, frame, { gsoSize })
    const now = this.program.counts()
    const isCounted = (['ipip', 'gre', 'gue'] as const).every(
      kind => now[kind] - counts[kind] === (isTaken && kind === fate ? 1 : 0),
    )
    const isRight = run.answer === (isTaken ? REDIRECT : NEXT) && Buffer.compare(run.out, out) === 0 && isCounted
    if (isRight) return undefined
    const said = isCounted ? `answer ${run.answer}` : `answer ${run.answer}, wrongly counted`
    return `${fate}, gso ${gsoSize}: ${said}\nin       ${hex(frame)}\nout      ${hex(run.out)}\nexpected ${hex(out)}`
  }

  close(): void {
    this.program.close()
  }
}
