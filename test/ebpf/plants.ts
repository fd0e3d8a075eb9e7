import { loadProgram, ProgramType } from '../../src/ebpf/bpf.js'
import type { FlowMaps } from '../../src/ebpf/flow-parts.js'
import { flowSteps } from '../../src/ebpf/flow-program.js'
import type { FrontMaps } from '../../src/ebpf/front-parts.js'
import { frontProgram } from '../../src/ebpf/front-program.js'
import { Helper } from '../../src/ebpf/instructions.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { close } from '../../src/linux/libc.js'
import type { FlowTable } from '../../src/packet/flow-table.js'
import type { FrontMode } from '../../src/packet/front.js'
import { Crowd } from './crowd.js'
import { EQUIVALENT } from './equivalent-mutants.js'
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
import { Wires } from './flow-wires.js'
import { apartFlows, cutFlows, rewrittenFlows, tunnelFlows } from './wired-flows.js'
import { mutantsOf, placesOf, redirectSeen, type Mutant } from './planted.js'
import { TestRun } from './test-run.js'
import { firstUnwrapped, TunnelBench, type TunnelCase } from './tunnel-bench.js'

/** Instructions of the front's step 1. */
const BEFORE = 8
const clock = Helper.KTIME_GET_COARSE_NS

/** Every mutant of the flow program's own instructions. */
function mutants(front: FrontMaps, flows: FlowMaps, mode: FrontMode): Mutant[] {
  const program = frontProgram(front, mode, flowSteps(flows, clock))
  const end = BEFORE + program.length - frontProgram(front, mode).length
  return [...mutantsOf(program, BEFORE, end)]
}
function load(program: BigUint64Array): number {
  return loadProgram(ProgramType.SCHED_CLS, program)
}

function asMade({ table: { slots } }: { table: FlowTable }): [Int32Array, Int32Array] {
  return [slots, slots.slice()]
}

/** Where the mutant is, by the label before it, and how it was changed: 'fits+3 left out'. */
export interface Plant {
  readonly name: string
  /** Why nothing can notice it. */
  readonly equivalent: string | undefined
}

/**
 * The flow program with one instruction altered, and all that may notice it: test runs of frames by NAT, FULLNAT and direct routing, of
 * frames into tunnels, and frames on wires. It needs a network namespace of its own. Plants are known by their number.
 */
export class Plants {
  readonly plants: readonly Plant[]
  readonly #bench = new FlowBench()
  readonly #front = new ProgramFront({ flows: this.#bench.maps })
  readonly #tunnels = new TunnelBench()
  readonly #crowd = new Crowd()
  readonly #run = new TestRun()
  readonly #summed = new TestRun(true)
  readonly #cases: Case[]
  readonly #few: Case[]
  readonly #wrapped: TunnelCase[]
  readonly #wires: [wires: Wires, mutants: Mutant[]][] = []
  readonly #slots: [slots: Int32Array, asMade: Int32Array][]
  readonly #beside: Mutant[]
  readonly #exclusive: Mutant[]
  readonly #tunnelMutants: Mutant[]
  readonly #crowdMutants: Mutant[]

  /** `frames`: how many are test run. */
  constructor(frames: number) {
    tellFront(this.#front)
    this.#cases = makeCorpus(this.#bench, 17, frames).cases
    this.#few = this.#cases.filter((each, i) => i % 5 === 0 && isUntrimmed(each))
    this.#wrapped = this.#tunnels.makeCorpus(23, frames / 4).cases
    this.#beside = mutants(this.#front.maps, this.#bench.maps, 'beside')
    this.#exclusive = mutants(this.#front.maps, this.#bench.maps, 'exclusive')
    this.#tunnelMutants = mutants(this.#front.maps, this.#tunnels.maps, 'exclusive')
    this.#crowdMutants = mutants(this.#front.maps, this.#crowd.maps, 'exclusive')
    this.#slots = [this.#bench, this.#tunnels].map(asMade)
    const places = placesOf(flowSteps(this.#bench.maps, clock))
    this.plants = this.#exclusive.map(({ at, how }) => {
      const name = `${places[at]} ${how}`
      return { name, equivalent: EQUIVALENT.find(([place]) => place.test(name))?.[1] }
    })
  }

  /** Whether the kernel takes it. */
  isTaken(plant: number): boolean {
    return [this.#beside, this.#exclusive].every(all => {
      const fd = load(all[plant]!.program)
      if (fd >= 0) close(fd)
      return fd >= 0
    })
  }
  /** What notices it. Undefined: nothing. */
  noticed(plant: number): string | undefined {
    for (const [slots, asMade] of this.#slots) slots.set(asMade) // the one before may have written what it must not
    const all = [this.#beside, this.#exclusive, this.#tunnelMutants, this.#crowdMutants]
    const fds = all.map(mutants => load(mutants[plant]!.program))
    try {
      if (fds.some(fd => fd < 0)) return 'the kernel refuses it'
      const programs = { beside: fds[0]!, exclusive: fds[1]! }
      return (
        firstWrong(this.#bench, this.#run, programs, this.#cases) ??
        objectionMissed(this.#bench, this.#run, programs.exclusive) ??
        firstWrong(this.#bench, this.#summed, programs, this.#few) ??
        this.#redirectWrong(plant, 1) ??
        this.#redirectWrong(plant, 2) ??
        firstUnwrapped([this.#run, this.#summed], fds[2]!, this.#wrapped) ??
        this.#crowd.firstMissed(this.#run, fds[3]!) ??
        this.#wrongOnWires(plant)
      )
    } catch (error) {
      return String(error) // the kernel finds a sum wrong
    } finally {
      for (const fd of fds) if (fd >= 0) close(fd)
    }
  }
  #redirectWrong(plant: number, argument: number): string | undefined {
    const fd = load(redirectSeen(this.#exclusive[plant]!.program, argument))
    const wrong = fd < 0 ? 'the kernel refuses it' : redirectWrong(this.#run, fd, argument, this.#cases)
    if (fd >= 0) close(fd)
    return wrong
  }
  #wrongOnWires(plant: number): string | undefined {
    for (const [i, flows] of [rewrittenFlows, tunnelFlows, cutFlows, apartFlows].entries()) {
      if (!this.#wires[i]) {
        const wires = new Wires('tcx', flows, `${i}`)
        this.#slots.push(asMade(wires.bench))
        this.#wires[i] = [wires, mutants(wires.frontMaps, wires.bench.maps, 'beside')]
      }
      const [wires, all] = this.#wires[i]
      const fd = load(all[plant]!.program)
      if (fd < 0) return 'the kernel refuses it'
      wires.replace(fd)
      const wrong = wires.firstWrong()
      close(fd)
      if (typeof wrong === 'string') return wrong
    }
    return undefined
  }

  close(): void {
    for (const [wires] of this.#wires) wires.close()
    this.#front.close()
    this.#bench.close()
    this.#tunnels.close()
    this.#crowd.close()
  }
}
