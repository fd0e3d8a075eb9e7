import { Worker } from 'node:worker_threads'
import t from 'tap'
import { loadProgram, ProgramType } from '../../src/ebpf/bpf.js'
import { closeFlowMaps, makeFlowMaps } from '../../src/ebpf/flow-maps.js'
import { inOrder } from '../../src/ebpf/flow-parts.js'
import { assemble, exit, mov, r0 } from '../../src/ebpf/instructions.js'
import { ProgramFlows } from '../../src/ebpf/program-flows.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { close } from '../../src/linux/libc.js'
import { hex, tcp4 } from '../support/frames.js'
import { keyOf } from './flow-bench.js'
import { HOPS, SLOT, writeForm } from './rewrite-slot.js'
import { TestRun } from './test-run.js'

const skip = process.getuid?.() === 0 ? false : 'not root: the kernel takes no programs'
const REDIRECT = 7
const RUNS = 150_000
const [IFINDEX, US] = [1001, { hi: 0x0200, lo: 0x0101 }]

t.test(
  'a slot that is written again while it is read is wholly the old or the new, or the frame comes up',
  { skip },
  async t => {
    const maps = makeFlowMaps({ capacity: 4, hops: HOPS + 1 })
    const front = new ProgramFront({ flows: maps })
    const table = new ProgramFlows(maps)
    table.setLink(0, IFINDEX)
    for (let hop = 1; hop <= HOPS; hop++)
      table.setHop(
        hop,
        { index: 0, name: 'r', mac: US, mtu: 1500, isBeside: false, claims: false },
        { hi: 0x0200, lo: 0x0200 + hop },
      )
    const frame = tcp4('10.99.1.10:40000 > 10.99.1.100:80', {
      flags: 'A',
      payload: 20,
      eth: '02:00:00:00:01:10 > 00:00:00:00:00:00',
    })
    table.enter(keyOf(frame), Int32Array.of(SLOT), 1)
    const run = new TestRun()
    const fd = front.programFd('exclusive')
    const right = new Set<string>()
    for (let epoch = 1; epoch <= HOPS; epoch++) {
      writeForm(table, epoch)
      t.equal(run.run(fd, frame).answer, REDIRECT)
      right.add(hex(run.out))
    }
    t.equal(right.size, HOPS, 'each is another')

    const ends = new Int32Array(new SharedArrayBuffer(8))
    const worker = new Worker(new URL('rewrite-slot.js', import.meta.url), { workerData: { maps, ends } })
    const ended = new Promise(resolve => worker.once('exit', resolve))
    Atomics.wait(ends, 1, 0, 30_000)
    const seen = new Map<string, number>()
    let up = 0
    for (let i = 0; i < RUNS; i++) {
      if (run.run(fd, frame).answer !== REDIRECT) {
        up++
        if (hex(run.out) !== hex(frame)) t.fail('it came up and was changed')
        continue
      }
      const out = hex(run.out)
      seen.set(out, (seen.get(out) ?? 0) + 1)
    }
    Atomics.store(ends, 0, 1)
    await ended
    t.comment(`${up} came up, ${[...seen.values()].join(' + ')} left`)
    t.strictSame(
      [...seen.keys()].filter(out => !right.has(out)),
      [],
      'no mixture',
    )
    t.ok(up > 0 && up < RUNS && seen.size > 1)
    t.equal(table.lost, 0)
    table.close()
    front.close()
    closeFlowMaps(maps)
  },
)

t.test('the kernel takes what keeps the order where the processor does not', { skip }, async t => {
  const fd = loadProgram(ProgramType.SCHED_CLS, assemble([inOrder(false), mov(r0, 0), exit()]))
  t.ok(fd >= 0)
  close(fd)
  t.strictSame(inOrder(true), [])
})
