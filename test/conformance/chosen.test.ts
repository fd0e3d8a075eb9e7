import t from 'tap'
import { icmp4, tcp4 } from '../support/frames.js'
import type { RecordedCase, SendStep, SideFrame } from './case.js'
import { chosen } from './chosen.js'

const CLIENT = '10.99.1.10:40000 > 10.99.1.100:80'
const toRealServer: SideFrame = { side: 'r', frame: tcp4('10.99.1.10:40000 > 10.99.2.12:80') }
const refusal: SideFrame = { side: 'c', frame: icmp4('10.99.1.100 > 10.99.1.10', { type: 3, code: 3 }) }
const reset: SideFrame = { side: 'c', frame: tcp4('10.99.1.100:80 > 10.99.1.10:40000', { flags: 'RA' }) }

function choices(frames: { side: 'c' | 'r'; flags: string; out: SideFrame[] }[]): string[] {
  const steps = frames.map<SendStep>(({ side, flags }) => {
    return { kind: 'send', note: '', send: { side, frame: tcp4(CLIENT, { flags }) }, out: [], quiet: undefined }
  })
  const recorded = { name: '', setup: '', setupResult: undefined, state: '', trace: true, chosen: undefined }
  const played = frames.map(({ out }) => ({ out, verdict: undefined, result: undefined }))
  return chosen({ ...recorded, steps } satisfies RecordedCase, played)
}

t.test('a choice is the real server, or how the client was refused', async t => {
  for (const [out, choice] of [
    [[toRealServer], '10.99.2.12'],
    [[refusal], 'icmp 3/3'],
    [[reset], 'tcp [RA] from the director'],
    [[], 'nothing'],
    [[refusal, toRealServer], 'icmp 3/3'],
  ] as const) {
    t.strictSame(choices([{ side: 'c', flags: 'S', out: [...out] }]), [choice])
  }
})

t.test("only the clients' SYNs ask for one", async t => {
  const out = [toRealServer]
  t.strictSame(
    choices([
      { side: 'c', flags: 'S', out },
      { side: 'r', flags: 'S', out },
    ]),
    ['10.99.2.12'],
  )
  t.strictSame(
    choices([
      { side: 'c', flags: 'SA', out },
      { side: 'c', flags: 'A', out },
    ]),
    [],
  )
})
