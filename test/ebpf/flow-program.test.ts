import t from 'tap'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { hex, tcp4, udp4 } from '../support/frames.js'
import { seed } from '../support/properties.js'
import { FlowBench } from './flow-bench.js'
import { firstWrong, isUntrimmed, makeCorpus, objectionMissed, tellFront } from './flow-corpus.js'
import { TestRun } from './test-run.js'

const skip = process.getuid?.() === 0 ? false : 'not root: the kernel takes no programs'
const REDIRECT = 7
const NEXT = -1
const FRAMES = 100_000
const REASONS = [
  'a GSO frame of a tunnel, perhaps',
  'a GSO frame with octets behind its packet',
  'forwarded',
  'forwarded without a checksum',
  'no ACK, or FIN or RST',
  'of no flow',
  'options that may claim an address',
  'up',
]

t.test(
  'plain packets of all flows leave as by the fast path; those that are not entered come up',
  { skip },
  async t => {
    const bench = new FlowBench()
    const front = new ProgramFront({ flows: bench.maps })
    const run = new TestRun()
    for (const mode of ['beside', 'exclusive'] as const)
      for (const flow of bench.flows) {
        const options = { ...flow.eth, payload: 40 }
        const frame = flow.isTcp ? tcp4(flow.flow, { ...options, flags: 'A' }) : udp4(flow.flow, options)
        const { answer, out } = run.run(front.programFd(mode), frame)
        const expected = flow.slot === 0 ? frame : bench.forwarded(frame, 0, flow.isTcp)!
        t.strictSame([answer, hex(out)], [flow.slot === 0 ? NEXT : REDIRECT, hex(expected)], flow.name)
      }
    front.close()
    bench.close()
  },
)

t.test(
  'whatever comes in leaves as by the fast path, or comes up for a reason, unchanged',
  { skip, timeout: 240_000 },
  async t => {
    const bench = new FlowBench()
    const front = new ProgramFront({ flows: bench.maps })
    tellFront(front)
    const { cases, counts } = makeCorpus(bench, seed, FRAMES)
    const run = new TestRun()
    const programs = { beside: front.programFd('beside'), exclusive: front.programFd('exclusive') }
    t.equal(firstWrong(bench, run, programs, cases), undefined)
    t.equal(objectionMissed(bench, run, programs.exclusive), undefined)
    const summed = cases.slice(0, FRAMES / 4).filter(isUntrimmed)
    t.equal(firstWrong(bench, new TestRun(true), programs, summed), undefined, 'with the sum of a NIC')
    t.equal(cases.length, FRAMES)
    t.comment(counts)
    t.ok(counts['forwarded']! > FRAMES / 10, `${counts['forwarded']} forwarded`)
    for (const [why, count] of Object.entries(counts)) t.ok(count > 20, `${why}: ${count}`)
    t.strictSame(Object.keys(counts).toSorted(), REASONS)
    t.equal(bench.table.lost, 0)
    front.close()
    bench.close()
  },
)
