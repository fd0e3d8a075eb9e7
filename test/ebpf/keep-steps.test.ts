import t, { type Test } from 'tap'
import { deleteElement } from '../../src/ebpf/bpf.js'
import { Globals } from '../../src/ebpf/flow-parts.js'
import { mapFlows } from '../../src/ebpf/flow-maps.js'
import { Mark } from '../../src/ebpf/front-program.js'
import { UNITS_A_SECOND } from '../../src/ebpf/keep-steps.js'
import { word } from '../../src/ebpf/map-keys.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { EPOCH, FORM, SEEN, SLOT_WORDS } from '../../src/packet/flow-slot.js'
import { KEPT_SECONDS_SHIFT } from '../../src/packet/kept-flow.js'
import { AddressKind } from '../../src/packet/front.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import { VIP } from '../support/bench-director.js'
import { hex, tcp4, udp4, type TcpOptions } from '../support/frames.js'
import { FlowBench, LIP, type BenchFlow } from './flow-bench.js'
import { TestRun } from './test-run.js'

/* What the front's program does while no director runs, as the kernel runs it. */

const skip = process.getuid?.() === 0 ? false : 'not root: the kernel takes no programs'
const [REDIRECT, DROP, NEXT] = [7, 2, -1]
const MODES = ['beside', 'exclusive'] as const
const SECONDS = 100
/** The kernel's. */
const HOST = '10.99.1.1'

/** The program with flows of all kinds, good for `SECONDS`, seen and their director alive now. */
class Kept {
  readonly bench = new FlowBench(undefined, undefined, true)
  readonly front: ProgramFront
  readonly #run = new TestRun()
  readonly #globals: Int32Array
  readonly #unmap: () => void
  constructor() {
    this.front = new ProgramFront({ flows: this.bench.maps })
    this.#tell()
    const { globals, unmap } = mapFlows(this.bench.maps)
    this.#unmap = unmap
    this.#globals = new Int32Array(globals.bytes.buffer)
    this.set()
  }
  #tell(): void {
    const own = (text: string, kind: number): void => this.front.setKinds(parseIpv4(text)!, kind)
    for (const text of [VIP, LIP]) own(text, AddressKind.OWN)
    own(HOST, AddressKind.KERNEL)
    const servers = ['10.99.2.11', '10.99.2.12']
    for (const text of servers) own(text, AddressKind.SERVER)
    for (const { flow, isTcp } of this.entered) {
      const [addr = '', port] = flow.split(' ')[0]!.split(':')
      if (servers.includes(addr)) this.front.setServer(isTcp ? 6 : 17, parseIpv4(addr)!, Number(port), true)
    }
  }
  /** How long ago, in seconds, the flows were seen and the director lived. */
  set({ seen = 0, lived = 0, isHandedOver = false, seconds = SECONDS, longest = SECONDS } = {}): void {
    const now = this.bench.table.now()
    for (const flow of this.entered) {
      const at = flow.slot * SLOT_WORDS
      const { slots } = this.bench.table
      slots[at + SEEN] = now - seen * UNITS_A_SECOND
      slots[at + FORM] = (slots[at + FORM]! & ~(0xffff << KEPT_SECONDS_SHIFT)) | (seconds << KEPT_SECONDS_SHIFT)
    }
    this.#globals[Globals.BEAT / 4] = now - lived * UNITS_A_SECOND
    this.#globals[Globals.LONGEST / 4] = longest * UNITS_A_SECOND
    this.#globals[Globals.HANDED_OVER / 4] = isHandedOver ? 1 : 0
  }
  /** The director's process has ended. */
  kill(): void {
    for (const index of MODES.keys()) deleteElement(this.front.livingFd!, word(index))
  }
  get entered(): BenchFlow[] {
    return this.bench.flows.filter(({ slot }) => slot !== 0)
  }
  frame({ isTcp, flow, eth }: BenchFlow, options: TcpOptions = {}): Uint8Array {
    return isTcp ? tcp4(flow, { flags: 'A', payload: 40, ...options, ...eth }) : udp4(flow, { payload: 40, ...eth })
  }
  /** What becomes of a frame in each mode. */
  outcome(frame: Uint8Array): string[] {
    return MODES.map(mode => {
      const { answer, mark, out } = this.#run.run(this.front.programFd(mode), frame)
      if (answer === REDIRECT) return hex(out)
      if (hex(out) !== hex(frame)) return 'changed'
      return answer === DROP ? 'dropped' : answer === NEXT ? (mark === Mark.TAKEN ? 'taken' : 'left') : `${answer}`
    })
  }
  forwarded(frame: Uint8Array, { isTcp }: BenchFlow): string {
    return hex(this.bench.forwarded(frame, 0, isTcp)!)
  }
  close(): void {
    this.#unmap()
    this.front.close()
    this.bench.close()
  }
}
/** The same in both modes. */
const both = (what: string): string[] => [what, what]
const kept = (t: Test): Kept => {
  const program = new Kept()
  t.teardown(() => program.close())
  return program
}

t.test('while the director lives nothing is different, however old all is', { skip }, async t => {
  const program = kept(t)
  program.set({ seen: 1000, lived: 1000 })
  for (const flow of program.entered) {
    const frame = program.frame(flow)
    t.strictSame(program.outcome(frame), both(program.forwarded(frame, flow)), flow.name)
    if (flow.isTcp) t.strictSame(program.outcome(program.frame(flow, { flags: 'FA' })), both('taken'))
  }
})

t.test('when it is killed plain packets of flows go on; what it would take is dropped', { skip }, async t => {
  const program = kept(t)
  program.kill()
  for (const flow of program.entered) {
    const frame = program.frame(flow)
    t.strictSame(program.outcome(frame), both(program.forwarded(frame, flow)), flow.name)
    if (!flow.isTcp) continue
    for (const flags of ['FA', 'R', 'S']) t.strictSame(program.outcome(program.frame(flow, { flags })), both('dropped'))
  }
  const { eth } = program.entered[0]!
  const client = '203.0.113.9:1234'
  t.strictSame(program.outcome(tcp4(`${client} > ${VIP}:80`, { ...eth, flags: 'S' })), both('dropped'))
  const toKernel = tcp4(`203.0.113.9:1234 > ${HOST}:22`, { ...eth, flags: 'S' })
  t.strictSame(program.outcome(toKernel), both('left'))
})

t.test('a flow goes on within its timeout since its last packet, and since the director lived', { skip }, async t => {
  const program = kept(t)
  program.kill()
  for (const [times, isForwarded] of [
    [{ seen: SECONDS - 1 }, true],
    [{ seen: SECONDS + 1 }, false],
    [{ lived: SECONDS - 1 }, true],
    [{ lived: SECONDS + 1 }, false],
    [{ seen: -0.004 }, true],
    [{ seen: 1, seconds: 0 }, false],
    [{ seen: 65_000, lived: 65_000, seconds: 65_535 }, true],
  ] as const)
    for (const flow of program.entered) {
      program.set({ longest: 70_000, ...times })
      const frame = program.frame(flow)
      const expected = isForwarded ? program.forwarded(frame, flow) : 'dropped'
      t.strictSame(program.outcome(frame), both(expected), `${flow.name} ${JSON.stringify(times)}`)
    }
})

t.test('a packet that is forwarded keeps its flow young', { skip }, async t => {
  const program = kept(t)
  program.kill()
  const [flow] = program.entered as [BenchFlow]
  program.set({ seen: SECONDS - 1 })
  program.outcome(program.frame(flow))
  const { table } = program.bench
  t.ok(table.now() - table.slots[flow.slot * SLOT_WORDS + SEEN]! < 10 * UNITS_A_SECOND)
})

t.test('after the longest timeout everything is the kernel’s', { skip }, async t => {
  const program = kept(t)
  program.kill()
  for (const times of [{ lived: SECONDS + 1 }, { longest: 0 }]) {
    program.set({ ...times, seconds: 1, longest: SECONDS, seen: 2, ...times })
    for (const flow of program.entered) {
      t.strictSame(program.outcome(program.frame(flow)), both('left'), flow.name)
      if (flow.isTcp) t.strictSame(program.outcome(program.frame(flow, { flags: 'S' })), both('left'))
    }
  }
})

t.test('handed over: flows go on, else nothing of them gets by; all others are left', { skip }, async t => {
  const program = kept(t)
  program.kill()
  program.set({ isHandedOver: true })
  for (const flow of program.entered) {
    const frame = program.frame(flow)
    t.strictSame(program.outcome(frame), both(program.forwarded(frame, flow)), flow.name)
    if (flow.isTcp)
      for (const flags of ['FA', 'R', 'S'])
        t.strictSame(program.outcome(program.frame(flow, { flags })), both('dropped'))
  }
  for (const flow of program.bench.flows.filter(({ slot }) => slot === 0))
    t.strictSame(program.outcome(program.frame(flow)), both('left'))
  const { eth } = program.entered[0]!
  t.strictSame(program.outcome(tcp4(`203.0.113.9:1234 > ${VIP}:80`, { ...eth, flags: 'S' })), both('left'))
})

t.test('of a slot that has been given up, or is of an epoch before, nothing is forwarded', { skip }, async t => {
  const program = kept(t)
  program.kill()
  const [flow] = program.entered as [BenchFlow]
  for (const epoch of [0, 4]) {
    program.bench.table.slots[flow.slot * SLOT_WORDS + EPOCH] = epoch
    t.strictSame(program.outcome(program.frame(flow)), both('dropped'))
  }
})
