import t from 'tap'
import { ProgramFront } from '../../src/ebpf/program-front.js'
import { hex, tcp4, udp4 } from '../support/frames.js'
import { FlowBench } from './flow-bench.js'
import { TestRun } from './test-run.js'

const skip = process.getuid?.() === 0 ? false : 'not root: the kernel takes no programs'
const REDIRECT = 7
const NEXT = -1

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
