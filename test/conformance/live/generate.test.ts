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
    '-g',
    '-i -w',
    '-i --tun-type gue --tun-port 6080 --tun-remcsum',
    '-i --tun-type gre --tun-csum',
    '-r 10.99.1.101:',
    '-r 10.99.2.1:',
    '-r 192.0.2.50:',
    '/32 dev vec1 mtu 1400',
  ])
    t.match(setups, option)
  for (const name of [
    'conn_reuse_mode=3',
    'sloppy_tcp=1',
    'sloppy_sctp=1',
    'secure_tcp=3',
    'drop_packet=3',
    'schedule_icmp=1',
    'pmtu_disc=0',
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
      'echo',
      'error',
      'piece',
      'tunnel-error',
      ...['sctp c', 'sctp r', 'tcp c', 'tcp r', 'udp c', 'udp r'].map(kind => `packet ${kind}`),
      'pause',
    ].toSorted(),
  )
})

t.test('every setup has its servers once: a port that is not translated is the service\u2019s', t => {
  for (const { name, setup } of MANY) {
    const added = setup.flatMap(line => {
      const [, key = '', port, server, method] = /^ipvsadm -a (\S+ \S+?(?::(\d+))?) -r (\S+) (-[gim])?/.exec(line) ?? []
      if (server && method !== '-m')
        t.equal(server.split(':')[1], key.startsWith('-f') ? '0' : port, `${name}: ${line}`)
      return server ? [`${key} ${server}`] : []
    })
    t.equal(new Set(added).size, added.length, name)
  }
  t.end()
})

t.test('datagrams come in pieces of all kinds, but not where there is FTP', async t => {
  const whole = new Set<string>()
  let [reversed, doubled, withDf] = [0, 0, 0]
  for (const { name, setup, steps } of MANY) {
    const pieces = steps.flatMap(step => (step.kind === 'piece' ? [step] : []))
    if (setup.some(line => line.includes(':21 -s'))) t.equal(pieces.length, 0, name)
    for (const [n, { of, id, at, df }] of pieces.entries()) {
      whole.add(of.kind === 'packet' ? `${of.flow.protocol} ${of.from}` : `${of.kind} ${of.from}`)
      const before = pieces[n - 1]
      if (df) withDf++
      if (before?.id !== id) continue
      if (before.at > at) reversed++
      if (before.at === at) doubled++
    }
  }
  const kinds = ['tcp', 'udp', 'sctp', 'error', 'echo']
  t.strictSame([...whole].toSorted(), kinds.flatMap(kind => [`${kind} c`, `${kind} r`]).toSorted())
  t.ok(reversed > 50 && doubled > 5 && withDf > 50, `${reversed}, ${doubled}, ${withDf}`)
})

t.test('once a server is sent to directly that was not, or no longer, nothing is sent on the flows before', async t => {
  let switches = 0
  for (const { name, steps } of Array.from({ length: 400 }, (_, index) => generate(9, index))) {
    let least = 40_000
    for (const step of steps) {
      if (step.kind === 'do' || step.kind === 'pause') continue
      const whole = step.kind === 'piece' ? step.of : step
      if (whole.kind === 'echo' || whole.flow.clientPort === 20) continue
      const { clientPort } = whole.flow
      const epoch = 40_000 + Math.floor((clientPort % 1000) / 100) * 100
      if (epoch > least) switches++
      if (epoch < least) t.fail(`${name}: port ${clientPort}`)
      least = epoch
    }
  }
  t.ok(switches > 20, `${switches}`)
})
