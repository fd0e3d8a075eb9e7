import t from 'tap'
import { tcp4 } from '../support/frames.js'
import type { RecordedCase, Step } from './case.js'
import { play } from './play.js'

/* How the virtual clock runs shows in the expiry of a SYN_RECV connection, which is 60 s. */

const SYN: Step = {
  kind: 'send',
  note: 'SYN',
  send: {
    side: 'c',
    frame: tcp4('10.99.1.10:40000 > 10.99.1.100:80', { eth: '02:00:00:00:01:10 > 02:00:00:00:01:01' }),
  },
  out: [],
  quiet: undefined,
}
/** A frame of another connection, which goes nowhere but takes its time. */
const OTHER: Step = { ...SYN, send: { side: 'c', frame: new Uint8Array(60) } }

function run(script: string, quiet?: number): Step {
  return { kind: 'do', note: '', script, result: { status: 0, out: '', err: '' }, out: [], quiet }
}

function times(count: number, step: Step): Step[] {
  return Array.from({ length: count }, () => step)
}

/** Seconds that the connection has left after these steps. */
async function expiry(steps: Step[], trace = false): Promise<number> {
  const setup = 'ipvsadm -A -t 10.99.1.100:80 -s rr; ipvsadm -a -t 10.99.1.100:80 -r 10.99.2.11:80 -m'
  const recorded: RecordedCase = {
    name: 'clock',
    setup,
    setupResult: undefined,
    steps: [SYN, ...steps],
    state: '',
    trace,
    chosen: undefined,
  }
  const { state } = await play(recorded)
  const [, minutes, seconds] = /TCP (\d+):(\d+)/.exec(state) ?? []
  return Number(minutes) * 60 + Number(seconds)
}

t.test('a send takes 0.12 s in a case and 5 ms in a trace', async t => {
  // 59.88 s are left, and 0.12 s fewer each time.
  t.equal(await expiry(times(7, OTHER)), 59)
  t.equal(await expiry(times(8, OTHER)), 58)
  t.equal(await expiry(times(190, OTHER), true), 59)
  t.equal(await expiry(times(210, OTHER), true), 58)
})

t.test('quiet and pause take their seconds', async t => {
  t.equal(await expiry([{ ...OTHER, quiet: 3.5 }]), 56)
  t.equal(await expiry([{ kind: 'pause', note: '', seconds: 2.5, out: [] }]), 57)
})

t.test('a do takes 50 ms or its own time, and the seconds that it sleeps', async t => {
  t.equal(await expiry(times(17, run('ipvsadm -Ln'))), 59)
  t.equal(await expiry(times(18, run('ipvsadm -Ln'))), 58)
  t.equal(await expiry([run('sleep 10; sleep 0.5')]), 49)
  t.equal(await expiry([run('ipvsadm -Ln', 20.5)]), 39)
})

t.test("what comes out in a step is the step's, with its verdict and what it printed", async t => {
  const recorded = { name: '', setup: '', setupResult: undefined, state: '', trace: false, chosen: undefined }
  const steps = [run('ipvsadm -A -t 10.99.1.100:80 -s rr'), SYN, run('ipvsadm -Z; nonsense')]
  const played = await play({ ...recorded, steps })
  t.strictSame(
    played.steps.map(step => step.out.length),
    [0, 1, 0],
  )
  t.match(played.steps, [
    { verdict: undefined, result: { status: 0, out: '', err: '' } },
    { verdict: 'drop-no-destination', result: undefined },
    { verdict: undefined, result: { status: 2, out: '', err: /^nonsense: / } },
  ])
})
