import t from 'tap'
import { Dice } from './dice.js'
import { generate } from './generate.js'
import { playOnUvsAlone } from './uvs-alone.js'

const MANY = Array.from({ length: 200 }, (_, index) => generate(3, index))

t.test('a seed and a number give the same scenario every time, and others another', async t => {
  t.strictSame(generate(7, 4), generate(7, 4))
  t.notSame(generate(7, 4).steps, generate(7, 5).steps)
  t.notSame(generate(7, 4).steps, generate(8, 4).steps)
  t.equal(generate(7, 4).name, 'live-7-4')
})

t.test('the dice are fair enough, and stay in their bounds', async t => {
  const dice = new Dice(1)
  const counts = [0, 0, 0]
  for (let n = 0; n < 3000; n++) counts[dice.between(0, 2)]!++
  t.ok(counts.every(count => count > 900))
  t.strictSame(
    new Set(
      Array.from({ length: 100 }, () =>
        dice.weighted([
          [1, 'a'],
          [0, 'b'],
          [2, 'c'],
        ]),
      ),
    ),
    new Set(['a', 'c']),
  )
  t.throws(() => dice.weighted([]), RangeError)
})

t.test('every setup goes well, and every scenario can be played', async t => {
  for (const scenario of MANY.slice(0, 80)) {
    const { steps } = await playOnUvsAlone(scenario)
    t.equal(steps.length, scenario.steps.length, scenario.name)
  }
})

t.test('commands are none that uvs does not know', async t => {
  for (const scenario of MANY.slice(0, 30)) {
    for (const step of (await playOnUvsAlone(scenario)).steps) {
      if (step.kind === 'do') t.notMatch(step.result.err, /not there/, step.script)
    }
  }
})

t.test('all that is to be compared comes up', async t => {
  const setups = MANY.flatMap(({ setup }) => setup).join('\n')
  const scripts = MANY.flatMap(({ steps }) => steps.map(step => (step.kind === 'do' ? step.script : ''))).join('\n')
  for (const name of ['rr', 'wrr', 'lc', 'wlc', 'sed', 'nq', 'sh', 'dh', 'lblc', 'lblcr', 'mh', 'fo', 'ovf'])
    t.match(setups, new RegExp(`-s ${name}( |\n)`), name)
  for (const option of [
    '-b sh-fallback',
    '-b mh-port',
    '-p 2',
    '-M 255',
    '-o',
    '-x 2',
    '-y',
    '-w 0',
    '-t',
    '-u',
    '--sctp-service',
    '-f 7',
  ])
    t.match(setups, option)
  for (const name of [
    'conn_reuse_mode=3',
    'sloppy_tcp=1',
    'sloppy_sctp=1',
    'secure_tcp=3',
    'drop_packet=3',
    'schedule_icmp=1',
  ])
    t.match(setups + scripts, name)
  for (const command of [
    '-e',
    '-d',
    '-a',
    '-E',
    '-D',
    '-C',
    '--set',
    '-Lcn',
    '-Ln --sort',
    '-Ln --thresholds',
    '-Ln --persistent-conn',
  ])
    t.match(scripts, `ipvsadm ${command}`)
  const kinds = MANY.flatMap(({ steps }) =>
    steps.map(step => (step.kind === 'packet' ? `packet ${step.flow.protocol} ${step.from}` : step.kind)),
  )
  t.strictSame(
    [...new Set(kinds)].toSorted(),
    [
      'do',
      'error',
      ...['sctp c', 'sctp r', 'tcp c', 'tcp r', 'udp c', 'udp r'].map(kind => `packet ${kind}`),
      'pause',
    ].toSorted(),
  )
})
