import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { closeFlowMaps, makeFlowMaps } from '../../src/ebpf/flow-maps.js'
import { ProgramFlows } from '../../src/ebpf/program-flows.js'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { EPOCH, SLOT_WORDS, SlotState } from '../../src/packet/flow-slot.js'
import { readU32 } from '../support/octets.js'
import { FLOWS, frameOf, serverOf, type Done } from './share-slots.js'
import { randomFrom } from './random-frames.js'
import { TestRun } from './test-run.js'

const skip = process.getuid?.() === 0 ? false : 'not root: the kernel takes no programs'
const REDIRECT = 7
const [PARTS, CAPACITY, MS] = [3, 24, 4000]

t.test('threads that share slots: each frame to its flow’s server, all counted, none left', { skip }, async t => {
  const maps = makeFlowMaps({ capacity: CAPACITY, hops: 4, parts: PARTS, seed: 99 })
  const front = new ProgramFront({ flows: maps })
  const ends = new Int32Array(new SharedArrayBuffer(4))
  const told = Array.from({ length: PARTS }, async (_, part) => {
    const worker = new Worker(new URL('share-slots.js', import.meta.url), { workerData: { maps, part, ends } })
    const [done] = (await once(worker, 'message')) as [Done]
    return done
  })
  const [run, random, fd] = [new TestRun(), randomFrom(5), front.programFd('exclusive')]
  const forwarded = Array.from({ length: PARTS }, () => 0)
  const wrong: string[] = []
  for (const end = performance.now() + MS; performance.now() < end;) {
    for (let i = 0; i < 1000; i++) {
      const [part, flow] = [random(PARTS), random(FLOWS)]
      const { answer, out } = run.run(fd, frameOf(part, flow))
      if (answer !== REDIRECT) continue
      forwarded[part]!++
      if (readU32(out, 30) !== serverOf(part, flow) >>> 0) wrong.push(`${part} ${flow}`)
    }
    await new Promise(resolve => setImmediate(resolve))
  }
  Atomics.store(ends, 0, 1)
  const done = await Promise.all(told)
  t.strictSame(wrong, [])
  t.strictSame(
    done.map(({ packets, left }) => [packets, left]),
    forwarded.map(count => [count, 0]),
    'each has counted its own',
  )
  t.ok(
    done.every(({ entered, refused }) => entered > CAPACITY && refused > 0),
    done.map(({ entered, refused }) => `${entered} entered, ${refused} found no room`).join('; '),
  )
  const table = new ProgramFlows(maps)
  const states = Array.from({ length: table.count }, (_, i) => table.slots[(table.first + i) * SLOT_WORDS + EPOCH])
  t.ok(states.every(state => state === SlotState.FREE))
  t.ok(forwarded.every(count => count > 0))
  table.close()
  front.close()
  closeFlowMaps(maps)
})
