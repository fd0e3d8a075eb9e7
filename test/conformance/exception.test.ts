import t from 'tap'
import { icmp4, packetOf, tcp4 } from '../support/frames.js'
import type { RecordedCase, SendStep, SideFrame } from './case.js'
import { expectedOut } from './exception.js'

const FLOW = '10.99.1.10:40950 > 10.99.1.100:80'
const DATA = { flags: 'PA', seq: 1001, ack: 5001, payload: 'a', id: 0x55, tos: 0x10 }
const SENT = tcp4(FLOW, { ...DATA, eth: '02:00:00:00:01:10 > 02:00:00:00:01:01' })

function recorded(name: string, ...out: SideFrame[]): { recording: RecordedCase; step: SendStep } {
  const step: SendStep = { kind: 'send', note: '', send: { side: 'c', frame: SENT }, out, quiet: undefined }
  const recording = {
    name,
    setup: '',
    setupResult: undefined,
    steps: [step],
    state: '',
    trace: false,
    chosen: undefined,
  }
  return { recording, step }
}

function unreachable(code: number): SideFrame {
  return { side: 'c', frame: icmp4('10.99.1.1 > 10.99.1.10', { type: 3, code, payload: packetOf(SENT) }) }
}

t.test('a DR connection keeps its next hop where the kernel sends host unreachable', async t => {
  const { recording, step } = recorded('method-change', unreachable(1))
  const direct = tcp4(FLOW, { ...DATA, ttl: 63, eth: '02:00:00:00:02:01 > 02:00:00:00:02:11' })
  t.strictSame(expectedOut(recording, step), [{ side: 'r', frame: direct }])
})

t.test('nothing else is excepted', async t => {
  const others = [
    recorded('method-change', unreachable(3)),
    recorded('method-change', { side: 'r', frame: SENT }),
    recorded('method-change', unreachable(1), unreachable(1)),
    recorded('method-change'),
    recorded('no-service', unreachable(1)),
  ]
  for (const { recording, step } of others) t.equal(expectedOut(recording, step), step.out)
})
