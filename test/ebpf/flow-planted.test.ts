import t from 'tap'
import { loadProgram, ProgramType } from '../../src/ebpf/bpf.js'
import { flowSteps } from '../../src/ebpf/flow-program.js'
import { MOST_PARTS } from '../../src/ebpf/flow-parts.js'
import { intoTunnel, mayEnterTunnel } from '../../src/ebpf/flow-tunnel.js'
import { frontProgram } from '../../src/ebpf/front-program.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { Helper } from '../../src/ebpf/instructions.js'
import { close } from '../../src/linux/libc.js'
import { FlowForm } from '../../src/packet/flow-slot.js'
import type { FrontMode } from '../../src/packet/front.js'
import { FlowBench } from './flow-bench.js'
import {
  firstWrong,
  isUntrimmed,
  makeCorpus,
  objectionMissed,
  redirectWrong,
  tellFront,
  type Case,
} from './flow-corpus.js'
import { mutantsOf, redirectSeen } from './planted.js'
import { TestRun } from './test-run.js'

/*
 * The flow program with one instruction altered, many times over: what flow-program.test.ts asks must notice. Of all 1018 mutants (with
 * PLANT=all, some ten minutes) the kernel refuses 298, test runs notice 598, the frames of flow-live.test.ts 39 of the other 122. Those
 * that nothing notices change nothing that can come to be here:
 * - step 1: no frame is made here whose headers are not at hand;
 * - the octets of TCP and its options are at hand if the IP length, which was checked, says so: the kernel wants it asked again;
 * - the protocol, which is a part of the flow's key;
 * - numbers of parts, slots and links that no map has room for;
 * - what a helper answers where the kernel has no memory, and the count of frames lost so;
 * - a jump to a comparison that never holds there; the last fold of sums, needed by one header in 65 536.
 */

const skip = process.getuid?.() === 0 ? false : 'not root: the kernel takes no programs'
const isAll = process.env['PLANT'] === 'all'
const PLANTED = 30
const FRAMES = isAll ? 100_000 : 40_000
/** Instructions of the front's step 1. */
const BEFORE = 8
/** Kinds of alteration that nearly always matter. */
const MATTERS = /^(constant|offset|another comparison)/
/** Instructions that test runs do not come to, or that are asked again: step 1, UDP checksums (flow-live.test.ts), those about r4. */
const FIRST_SEEN = 15
/** The last are those of tunnels, which flow-tunnel.test.ts has. */
const OF_TUNNELS = [mayEnterTunnel, intoTunnel].flat(Infinity as 1).filter(line => typeof line !== 'string').length
const NOT_SEEN_AT_END = 64 + OF_TUNNELS
const isAboutTunnels = (instruction: bigint): boolean =>
  (instruction & 0xffffn) === 0x0145n && instruction >> 32n === BigInt(FlowForm.IPIP)
/** More parts than there can be. */
const isAboutParts = (instruction: bigint): boolean =>
  (instruction & 0xffffn) === 0x0135n && instruction >> 32n === BigInt(MOST_PARTS)
const ABOUT_R4 = [0x07n | (4n << 8n), 0x2dn | (4n << 8n) | (3n << 12n)]

class Plants {
  readonly bench = new FlowBench()
  readonly #front = new ProgramFront({ flows: this.bench.maps })
  readonly #run = new TestRun()
  readonly #summed = new TestRun(true)
  readonly #cases: Case[]
  readonly #few: Case[]

  constructor() {
    tellFront(this.#front)
    this.#cases = makeCorpus(this.bench, 17, FRAMES).cases
    this.#few = this.#cases.filter((each, i) => i % 5 === 0 && isUntrimmed(each))
  }

  /** The program, and where the flow program's own instructions are in it. */
  program(mode: FrontMode): [program: BigUint64Array, first: number, end: number] {
    const { maps } = this.#front
    const program = frontProgram(maps, mode, flowSteps(this.bench.maps, Helper.KTIME_GET_COARSE_NS))
    return [program, BEFORE, BEFORE + program.length - frontProgram(maps, mode).length]
  }

  /** What notices that the programs of the modes are not right. Undefined: nothing. */
  noticed(beside: BigUint64Array, exclusive: BigUint64Array): string | undefined {
    const fds = [beside, exclusive].map(load)
    try {
      if (fds.some(fd => fd < 0)) return 'the kernel refuses it'
      const programs = { beside: fds[0]!, exclusive: fds[1]! }
      return (
        firstWrong(this.bench, this.#run, programs, this.#cases) ??
        objectionMissed(this.bench, this.#run, programs.exclusive) ??
        firstWrong(this.bench, this.#summed, programs, this.#few) ??
        this.#redirectWrong(exclusive, 1) ??
        this.#redirectWrong(exclusive, 2)
      )
    } catch (error) {
      return String(error) // the kernel finds a sum wrong
    } finally {
      for (const fd of fds) if (fd >= 0) close(fd)
    }
  }
  #redirectWrong(program: BigUint64Array, argument: number): string | undefined {
    const fd = load(redirectSeen(program, argument))
    const wrong = fd < 0 ? 'the kernel refuses it' : redirectWrong(this.#run, fd, argument, this.#cases)
    if (fd >= 0) close(fd)
    return wrong
  }

  close(): void {
    this.#front.close()
    this.bench.close()
  }
}
function load(program: BigUint64Array): number {
  return loadProgram(ProgramType.SCHED_CLS, program)
}

/** Whether the kernel takes it. */
function isTaken(program: BigUint64Array): boolean {
  const fd = load(program)
  if (fd >= 0) close(fd)
  return fd >= 0
}

t.test('an altered instruction is noticed', { skip, timeout: isAll ? 3_600_000 : 200_000 }, async t => {
  const plants = new Plants()
  const [beside, exclusive] = [plants.program('beside'), plants.program('exclusive')]
  t.equal(plants.noticed(beside[0], exclusive[0]), undefined, 'nothing is wrong with the program itself')
  const others = [...mutantsOf(...beside)]
  const all = [...mutantsOf(...exclusive)].map((mutant, i) => ({ ...mutant, beside: others[i]!.program }))
  const [whole, first, end] = exclusive
  const some = all.filter(
    ({ at, how, program, beside }) =>
      MATTERS.test(how) &&
      at >= FIRST_SEEN &&
      at < end - first - NOT_SEEN_AT_END &&
      !isAboutTunnels(whole[first + at]!) &&
      !isAboutParts(whole[first + at]!) &&
      !ABOUT_R4.includes(whole[first + at]! & 0xffffn) &&
      isTaken(program) &&
      isTaken(beside),
  )
  const chosen = isAll
    ? all
    : Array.from({ length: PLANTED }, (_, i) => some[Math.floor(((i + 0.5) * some.length) / PLANTED)]!)
  for (const { at, how, program, beside } of chosen) {
    const why = plants.noticed(beside, program)
    const what = `instruction ${at}, ${how}`
    if (isAll && why === undefined) t.comment(`not noticed: ${what}`)
    else t.ok(why, `${what}: ${why?.split(':')[0]}`)
  }
  plants.close()
})
