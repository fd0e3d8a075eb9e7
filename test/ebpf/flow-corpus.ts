import { FrontChoice } from '../../src/packet/front-choice.js'
import { AddressKind, type Front, type FrontMode } from '../../src/packet/front.js'
import { Mark } from '../../src/ebpf/front-program.js'
import * as slot from '../../src/packet/flow-slot.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import { VIP } from '../support/bench-director.js'
import { hex } from '../support/frames.js'
import { readU16 } from '../support/octets.js'
import { CLIENT_ADDR, keyText, LIP, type BenchFlow, type FlowBench } from './flow-bench.js'
import { atLimits, changedBits, randomFlowFrame, whyUp, type TestFrame } from './flow-frames.js'
import { randomFrom, type Random } from './random-frames.js'
import type { TestRun } from './test-run.js'

const [NEXT, REDIRECT] = [-1, 7]
const MARK_BEFORE = 7
const SHORTEST = 34
/** Of the interface's clock: how far SEEN may be from it, in 2^20 ns. */
const NEARLY_NOW = 2000

export const MODES = ['beside', 'exclusive'] as const

/** A frame, and what is to become of it. */
export interface Case extends TestFrame {
  readonly mode: FrontMode
  /** Of which flow it is; undefined: of none that was entered. */
  readonly flow: BenchFlow | undefined
  /** The frame that leaves; undefined: it comes up. */
  readonly leaves: Uint8Array | undefined
  /** skb->mark of one that comes up. */
  readonly mark: number
}

/** So many cases, and how many are what: why frames come up that the fast path takes, 'forwarded', and 'up' for both. */
export interface Corpus {
  readonly cases: Case[]
  readonly counts: Record<string, number>
}

/** What the front is told: VIP and LIP are uvs's. */
export function tellFront(front: Front): void {
  for (const addr of [VIP, LIP]) front.setKinds(parseIpv4(addr)!, AddressKind.OWN)
  front.setKinds(parseIpv4(CLIENT_ADDR)!, AddressKind.KERNEL)
}

/** Cases whose outcome the director's fast path and the front's model say. */
export function makeCorpus(bench: FlowBench, seed: number, count: number): Corpus {
  const random = randomFrom(seed)
  const byKey = new Map(bench.flows.filter(({ slot }) => slot !== 0).map(flow => [keyText(bench.plain(flow)), flow]))
  const choices = { beside: new FrontChoice('beside'), exclusive: new FrontChoice('exclusive') }
  for (const mode of MODES) tellFront(choices[mode])
  const corpus: Corpus = { cases: [], counts: {} }
  const frames = function* (): Generator<TestFrame> {
    for (const flow of byKey.values()) {
      yield* atLimits(flow)
      yield* changedBits(flow)
    }
    while (corpus.cases.length < count) yield oddFrame(bench, random)
  }
  for (const each of frames()) {
    if (each.frame.length < SHORTEST) continue
    const mode = MODES[corpus.cases.length % 2]!
    const flow = byKey.get(keyText(each.frame))
    const [leaves, why] = outcome(bench, each, flow)
    corpus.counts[why] = (corpus.counts[why] ?? 0) + 1
    corpus.cases.push({ ...each, mode, flow, leaves, mark: leaves ? 0 : markOf(choices[mode], mode, each.frame) })
    if (corpus.cases.length >= count) break
  }
  return corpus
}

function oddFrame(bench: FlowBench, random: Random): TestFrame {
  const flow = bench.flows[random(bench.flows.length)]!
  return randomFlowFrame(random, flow, bench.mtuOf(flow), bench.limitsOf(flow))
}

function outcome(bench: FlowBench, each: TestFrame, flow: BenchFlow | undefined): [Uint8Array | undefined, string] {
  const { frame, gsoSize } = each
  const taken = bench.forwarded(frame, gsoSize, frame[23] === 6)
  if (!flow) return [undefined, taken ? 'of no flow' : 'up']
  if (taken) {
    const why = whyUp(each, flow, bench.mtuOf(flow))
    return why === undefined ? [taken, 'forwarded'] : [undefined, why]
  }
  return isUnsummedDirect(each, flow) ? unsummed(bench, each, flow) : [undefined, 'up']
}
/** By direct routing a UDP checksum of 0 is no matter; the fast path leaves it to the whole path. */
function isUnsummedDirect({ frame }: TestFrame, { isTcp, form }: BenchFlow): boolean {
  return frame.length >= 42 && !isTcp && (form & slot.FlowForm.TRANSLATED) === 0 && readU16(frame, 40) === 0
}

/** So the whole frame is asked for with a checksum, which direct routing leaves as it is. */
function unsummed(bench: FlowBench, each: TestFrame, flow: BenchFlow): [Uint8Array | undefined, string] {
  const frame = each.frame.slice()
  frame.set([0x12, 0x34], 40)
  const [leaves] = outcome(bench, { ...each, frame }, flow)
  leaves?.set([0, 0], 40)
  return leaves ? [leaves, 'forwarded without a checksum'] : [undefined, 'up']
}

function markOf(choice: FrontChoice, mode: FrontMode, frame: Uint8Array): number {
  if (readU16(frame, 12) !== 0x0800) return MARK_BEFORE
  const isForThisHost = frame.slice(0, 6).every(octet => octet === 0)
  if (mode === 'beside' && !isForThisHost) return MARK_BEFORE
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  return choice.takes(view, 14, frame.length - 14) ? Mark.TAKEN : MARK_BEFORE
}

/** Programs of both modes. */
export type Programs = Record<FrontMode, number>

/** Runs the cases. Returns the first that has another outcome, in words; undefined if all have theirs. */
export function firstWrong(
  bench: FlowBench,
  run: TestRun,
  programs: Programs,
  cases: readonly Case[],
): string | undefined {
  const { slots } = bench.table
  const counts = new BigInt64Array(slots.buffer)
  for (const [i, each] of cases.entries()) {
    const at = (each.flow?.slot ?? 0) * slot.SLOT_WORDS
    counts[(at + slot.COUNT_LOW) / 2] = 0n
    slots[at + slot.SEEN] = 0
    const { answer, mark, out } = run.run(programs[each.mode], each.frame, { gsoSize: each.gsoSize, mark: MARK_BEFORE })
    const expected = each.leaves ?? each.frame
    const count = each.leaves ? (BigInt(readU16(each.frame, 16)) << 24n) + 1n : 0n
    const isSeen = Math.abs(bench.table.now() - slots[at + slot.SEEN]!) < NEARLY_NOW
    const isRight =
      answer === (each.leaves ? REDIRECT : NEXT) &&
      (each.leaves !== undefined || mark === each.mark) &&
      counts[(at + slot.COUNT_LOW) / 2] === count &&
      isSeen === (each.leaves !== undefined) &&
      run.hasSegments &&
      Buffer.compare(out, expected) === 0
    if (isRight) continue
    const whose = each.flow?.name ?? 'no flow'
    const got = `answer ${answer}, mark ${mark}, count ${counts[(at + slot.COUNT_LOW) / 2]}, seen ${isSeen}`
    const what = `frame ${i} of ${whose}, gso_size ${each.gsoSize}: ${hex(each.frame)}`
    return `${got}: ${what}\nout      ${hex(out)}\nexpected ${each.leaves ? 'to leave' : `up, mark ${each.mark}`} ${hex(expected)}`
  }
  return undefined
}

/**
 * Runs a program of `redirectSeen` on the cases that leave. Returns the first whose argument of bpf_redirect is not the interface
 * that it is to leave by, or not 0.
 */
export function redirectWrong(run: TestRun, fd: number, argument: number, cases: readonly Case[]): string | undefined {
  for (const [i, { frame, gsoSize, flow, leaves }] of cases.entries()) {
    if (!leaves) continue
    const { mark } = run.run(fd, frame, { gsoSize, mark: MARK_BEFORE })
    const expected = argument === 1 ? flow!.ifindex : 0
    if (mark !== expected) return `frame ${i} of ${flow!.name}: ${mark} instead of ${expected}`
  }
  return undefined
}

/** For test runs with the sum of a NIC: the kernel forgets that of a frame that is trimmed, and the test run does not know. */
export const isUntrimmed = ({ frame, leaves }: Case): boolean => leaves === undefined || leaves.length === frame.length

/** What may be said of a flow so that it comes up: how it is said, and taken back. */
const OBJECTIONS: readonly [what: string, said: (bench: FlowBench, at: number) => void][] = [
  ['another epoch', ({ table }, at) => (table.slots[at + slot.EPOCH]! += slot.EPOCH_STEP)],
  ['the same of another director', ({ table }, at) => (table.slots[at + slot.EPOCH]! += 1)],
  [
    'the other director’s epoch',
    ({ table, otherEpoch }, at) => (table.slots[at + slot.EPOCH] = otherEpoch + table.director),
  ],
  ['no epoch', ({ table }, at) => (table.slots[at + slot.EPOCH] = 0)],
  [
    'no epoch, and none is valid',
    ({ table, other }, at) => {
      table.slots[at + slot.EPOCH] = 0
      table.setEpoch(0)
      other.setEpoch(0)
    },
  ],
  ['another epoch is valid', ({ table }) => table.setEpoch(77 * slot.EPOCH_STEP + table.director)],
  ['another client', ({ table }, at) => (table.slots[at + slot.KEY_SRC]! ^= 1 << 24)],
  ['another virtual address', ({ table }, at) => (table.slots[at + slot.KEY_DST]! ^= 1 << 24)],
  ['other ports', ({ table }, at) => (table.slots[at + slot.KEY_PORTS]! ^= 1 << 31)],
  ['another protocol', ({ table }, at) => (table.slots[at + slot.FORM]! ^= 1 << slot.PROTOCOL_SHIFT)],
  ['too small an MTU', ({ table }, at) => (table.slots[at + slot.MTU] = 28)],
  ['no next hop', ({ table }, at) => table.clearHop(table.slots[at + slot.HOP]!)],
  ['an unknown next hop', ({ table }, at) => (table.slots[at + slot.HOP] = table.firstHop + 7)],
  ['a next hop beyond all', ({ table }, at) => (table.slots[at + slot.HOP] = 1000)],
  ['no links', ({ table }) => [0, 1, 2].forEach(link => table.setLink(link, undefined))],
]

/** Runs a plain frame of each flow with each objection, in exclusive mode. Returns one that leaves, or comes up without an objection. */
export function objectionMissed(bench: FlowBench, run: TestRun, fd: number): string | undefined {
  const choice = new FrontChoice('exclusive')
  tellFront(choice)
  const entered = bench.flows.filter(flow => flow.slot !== 0)
  const comesUp = (flow: BenchFlow): boolean => {
    const frame = bench.plain(flow)
    const { answer, mark } = run.run(fd, frame, { mark: MARK_BEFORE })
    return answer === NEXT && mark === markOf(choice, 'exclusive', frame)
  }
  for (const [what, said] of OBJECTIONS) {
    const up = entered.find(comesUp)
    for (const flow of entered) said(bench, flow.slot * slot.SLOT_WORDS)
    const left = entered.find(flow => !comesUp(flow))
    bench.restore()
    if (up || left) return up ? `${up.name} comes up` : `${left!.name} does not come up as it was: ${what}`
  }
  return undefined
}
