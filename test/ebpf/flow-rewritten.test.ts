import { Worker } from 'node:worker_threads'
import t from 'tap'
import { loadProgram, ProgramType } from '../../src/ebpf/bpf.js'
import { closeFlowMaps, makeFlowMaps } from '../../src/ebpf/flow-maps.js'
import { inOrder } from '../../src/ebpf/flow-parts.js'
import { assemble, exit, mov, r0 } from '../../src/ebpf/instructions.js'
import { ProgramFlows } from '../../src/ebpf/program-flows.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { close } from '../../src/linux/libc.js'
import { EPOCH_STEP } from '../../src/packet/flow-slot.js'
import { hex } from '../support/frames.js'
import { keyOf } from './flow-bench.js'
import { frameOf, giveTo, HOPS, writeForm } from './rewrite-slot.js'
import { TestRun } from './test-run.js'

const skip = process.getuid?.() === 0 ? false : 'not root: the kernel takes no programs'
const REDIRECT = 7
const RUNS = 150_000
const [IFINDEX, US] = [1001, { hi: 0x0200, lo: 0x0101 }]

/** The program, its maps, and a slot that another thread writes while frames of flows meet it. */
class Written {
  readonly maps = makeFlowMaps({ capacity: 4, hops: HOPS + 1 })
  readonly #front = new ProgramFront({ flows: this.maps })
  readonly table = new ProgramFlows(this.maps)
  readonly #run = new TestRun()
  up = 0

  constructor() {
    this.table.setLink(0, IFINDEX)
    const link = { index: 0, name: 'r', mac: US, mtu: 1500, isBeside: false, claims: false }
    for (let hop = 1; hop <= HOPS; hop++) this.table.setHop(hop, link, { hi: 0x0200, lo: 0x0200 + hop })
    this.table.claim(keyOf(frameOf(0))) // so that the program looks for flows
  }
  /** What leaves, or undefined. */
  run(frame: Uint8Array): string | undefined {
    const { answer, out } = this.#run.run(this.#front.programFd('exclusive'), frame)
    if (answer === REDIRECT) return hex(out)
    if (hex(out) !== hex(frame)) throw new Error('it came up and was changed')
    this.up++
    return undefined
  }
  /** Calls `meet` many times while the thread writes. */
  async whileWritten(isReused: boolean, meet: (i: number) => void): Promise<void> {
    const ends = new Int32Array(new SharedArrayBuffer(8))
    const workerData = { maps: this.maps, ends, isReused }
    const worker = new Worker(new URL('rewrite-slot.js', import.meta.url), { workerData })
    const ended = new Promise(resolve => worker.once('exit', resolve))
    Atomics.wait(ends, 1, 0, 30_000)
    this.up = 0
    for (let i = 0; i < RUNS; i++) meet(i)
    Atomics.store(ends, 0, 1)
    await ended
  }
  close(): void {
    this.table.close()
    this.#front.close()
    closeFlowMaps(this.maps)
  }
}

t.test(
  'a slot that is written again while it is read is wholly the old or the new, or the frame comes up',
  { skip },
  async t => {
    const written = new Written()
    const frame = frameOf(0)
    const right = new Set<string | undefined>()
    for (let epoch = 1; epoch <= HOPS; epoch++) {
      writeForm(written.table, epoch)
      right.add(written.run(frame))
    }
    t.equal(right.size, HOPS, 'each is another')
    t.notOk(right.has(undefined))
    const seen = new Map<string, number>()
    await written.whileWritten(false, () => {
      const out = written.run(frame)
      if (out !== undefined) seen.set(out, (seen.get(out) ?? 0) + 1)
    })
    t.comment(`${written.up} came up, ${[...seen.values()].join(' + ')} left`)
    const mixed = [...seen.keys()].filter(out => !right.has(out))
    t.strictSame(mixed, [], 'no mixture')
    t.ok(written.up > 0 && written.up < RUNS && seen.size > 1)
    t.equal(written.table.lost, 0)
    written.close()
  },
)

t.test(
  'a slot that is given to another flow at once, in the same epoch, forwards no frame of the former',
  { skip },
  async t => {
    const written = new Written()
    const frames = [0, 1].map(frameOf)
    written.table.setEpoch(EPOCH_STEP)
    const right = frames.map((frame, flow) => {
      giveTo(written.table, flow)
      t.equal(written.run(frames[1 - flow]!), undefined, 'the other one comes up')
      return written.run(frame)
    })
    t.ok(right[0] !== undefined && right[1] !== undefined && right[0] !== right[1])
    const left = [0, 0]
    let wrong: string | undefined
    await written.whileWritten(true, i => {
      const out = written.run(frames[i % 2]!)
      if (out === undefined) return
      left[i % 2]!++
      if (out !== right[i % 2]) wrong ??= out
    })
    t.comment(`${written.up} came up, ${left.join(' + ')} left`)
    t.equal(wrong, undefined)
    t.ok(left[0]! > 0 && left[1]! > 0 && written.up > 0)
    written.close()
  },
)

t.test('the kernel takes what keeps the order where the processor does not', { skip }, async t => {
  const fd = loadProgram(ProgramType.SCHED_CLS, assemble([inOrder(false), mov(r0, 0), exit()]))
  t.ok(fd >= 0)
  close(fd)
  t.strictSame(inOrder(true), [])
})
