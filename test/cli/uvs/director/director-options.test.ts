import t from 'tap'
import { DIRECTOR_FORMS, parseDirectorOptions } from '../../../../src/cli/uvs/director/director-options.js'
import { UsageError } from '../../../../src/director/options.js'

const parse = (line: string): ReturnType<typeof parseDirectorOptions> =>
  parseDirectorOptions(line.split(' ').filter(Boolean), 77)
const least = '--raw eth0 --address 10.0.0.1/24@eth0'

t.test('the least that must be said, and what holds then', async t => {
  t.strictSame(parse(least), {
    devices: [{ kind: 'raw', name: 'eth0' }],
    director: { addresses: ['10.0.0.1/24@eth0'], vips: [], routes: [], neighbours: [], seed: 77 },
    control: '/run/uvs/uvs.sock',
    rules: undefined,
    keepalived: undefined,
    http: undefined,
    marks: [],
    schedulers: [],
    offload: {},
    keep: { control: '/run/uvs/uvs.sock', isAsked: false },
    workers: 1,
  })
})

t.test('flows that outlive the director', async t => {
  const { keep, director, offload } = parse(`${least} --keep-flows --control /tmp/uvs.sock`)
  t.strictSame(keep, { control: '/tmp/uvs.sock', isAsked: true })
  t.strictSame([director.offloadAfter, offload], [0, {}], 'they are entered at once')
  t.equal(parse(`${least} --keep-flows --offload 5`).director.offloadAfter, 5)
  for (const [wrong, message] of [
    [`${least} --keep-flows --offload off`, '--keep-flows keeps what is offloaded: not with --offload off'],
    [`${least} --keep-flows --workers 2`, '--keep-flows goes with one worker, not with --workers 2'],
    [
      '--tap t0 --address 10.0.0.1/24@t0 --keep-flows',
      '--keep-flows goes with --raw: of a TAP device nothing is offloaded',
    ],
  ] as const)
    t.throws(() => parse(wrong), { message })
})

t.test('which flows the kernel forwards', async t => {
  const offload = (value: string): unknown => {
    const { offload: options, director } = parse(`${least} --offload ${value}`)
    return [options, director.offloadAfter]
  }
  t.strictSame(offload('auto'), [{}, undefined])
  t.strictSame(offload('off'), [undefined, undefined])
  t.strictSame(offload('0'), [{ after: 0 }, 0])
  t.strictSame(offload('100,1000'), [{ after: 100, flows: 1000 }, 100])
  t.strictSame(offload('auto,4194304'), [{ flows: 4194304 }, undefined])
  for (const wrong of ['on', '-1', '1,', '1,2,3', 'off,10', '1.5'])
    t.throws(() => offload(wrong), { message: /^--offload: '.*' is not / }, wrong)
  t.throws(() => offload('1,4194305'), { message: "--offload: '4194305' is not a whole number from 2 to 4194304" })
  t.throws(() => offload('1000001'), { message: "--offload: '1000001' is not a whole number from 0 to 1000000" })
  t.throws(() => parse('--tap t0 --address 10.0.0.1/24@t0 --offload auto'), { message: /^--offload goes with --raw/ })
  t.equal(parse('--tap t0 --address 10.0.0.1/24@t0').offload, undefined)
})

t.test('how many SYNs a second a service has', async t => {
  t.equal(parse(least).synBudget, undefined, 'the default')
  t.equal(parse(`${least} --syn-budget 1`).synBudget, 1)
  t.equal(parse(`${least} --syn-budget off`).synBudget, 0)
  for (const wrong of ['0', '-1', 'on', '100000001'])
    t.throws(() => parse(`${least} --syn-budget ${wrong}`), {
      message: `--syn-budget: '${wrong}' is not off or a whole number from 1 to 100000000`,
    })
  t.throws(() => parse('--tap t0 --address 10.0.0.1/24@t0 --syn-budget 9'), {
    message: /^--syn-budget goes with --raw/,
  })
})

t.test('which VIPs are announced', async t => {
  t.equal(parse(least).announce, undefined)
  t.strictSame(parse('--raw eth0 --announce uvs0').announce, { interface: 'uvs0', withdraw: 'never', holdS: 10 })
  t.strictSame(parse('--raw eth0 --announce uvs0 --withdraw any --announce-hold 1m').announce, {
    interface: 'uvs0',
    withdraw: 'any',
    holdS: 60,
  })
  for (const [line, message] of [
    ['--raw eth0 --withdraw all', '--withdraw goes with --announce IF'],
    ['--raw eth0 --announce-hold 5', '--announce-hold goes with --announce IF'],
    ['--raw eth0 --announce uvs0 --announce-hold x', /^--announce-hold: 'x' is no time/],
    ['--raw eth0 --announce uvs%d', "--announce: 'uvs%d' cannot be an interface's name"],
    ['--raw eth0 --announce uvs0 --withdraw some', "--withdraw 'some': it may be never, all, any"],
    ['--tap t0 --address 10.0.0.1/24@t0 --announce uvs0', /^--announce goes with --raw/],
  ] as const)
    t.throws(() => parse(line), { message }, line)
})

t.test('all that may be said, in either form', async t => {
  const line =
    '--tap=t0,t1 --mac 02:00:00:00:00:01@t1 --address 10.0.0.1/24@t0 --address=10.0.1.1/24@t1 --vip 192.0.2.1 --vip 192.0.2.8/29 ' +
    '--route default=10.0.0.254 --route=192.0.2.0/24=10.0.1.9,mtu=1400 --neighbour 10.0.0.9=02:00:00:00:00:09@t0 ' +
    '--max-connections 5000 --workers 4 --steer-mask 255.255.254.0 --icmp-ratelimit 0 --seed 4294967295 --rules /etc/rules --control /tmp/x.sock --http [::1]:9100 --scheduler /tmp/mine.js'
  t.strictSame(parseDirectorOptions([...line.split(' '), '--mark', 'tcp 192.0.2.0/24:80=7'], 77), {
    devices: [
      { kind: 'tap', name: 't0', mac: undefined },
      { kind: 'tap', name: 't1', mac: { hi: 0x0200, lo: 1 } },
    ],
    director: {
      addresses: ['10.0.0.1/24@t0', '10.0.1.1/24@t1'],
      vips: ['192.0.2.1', '192.0.2.8/29'],
      routes: ['default=10.0.0.254', '192.0.2.0/24=10.0.1.9,mtu=1400'],
      neighbours: ['10.0.0.9=02:00:00:00:00:09@t0'],
      seed: 4294967295,
      maxConnections: 5000,
      icmpRatelimit: 0,
      clientMask: 0xfffffe00 | 0,
    },
    workers: 4,
    control: '/tmp/x.sock',
    rules: '/etc/rules',
    keepalived: undefined,
    http: { host: '::1', port: 9100, names: [], tokens: undefined, hasSocketLogin: false },
    marks: [{ protocol: 'tcp', to: '192.0.2.0/24', ports: [{ first: 80, last: 80 }], mark: 7 }],
    schedulers: ['file:///tmp/mine.js'],
  })
})

const http = (value: string): unknown => parse(`${least} --http ${value}`).http

t.test('--http without an address is for this host alone', async t => {
  t.strictSame(http('9100'), { host: '127.0.0.1', port: 9100, names: [], tokens: undefined, hasSocketLogin: false })
  t.strictSame(http(':9100'), { host: '127.0.0.1', port: 9100, names: [], tokens: undefined, hasSocketLogin: false })
  t.strictSame(http('0.0.0.0:9100'), {
    host: '0.0.0.0',
    port: 9100,
    names: [],
    tokens: undefined,
    hasSocketLogin: false,
  })
})

t.test('--http-host says by which names the dashboard is asked for', async t => {
  const line = `${least} --http 9100 --http-host lb.example.net --http-host lb`
  t.strictSame(parse(line).http?.names, ['lb.example.net', 'lb'])
})

const admin = (words: string): unknown => parse(`${least} --http 9100 ${words}`).http

t.test('--http-admin: by the control socket, by a file of tokens, or by both', async t => {
  t.match(admin('--http-admin socket'), { tokens: undefined, hasSocketLogin: true })
  t.match(admin('--http-admin /etc/t'), { tokens: '/etc/t', hasSocketLogin: false })
  t.match(admin('--http-admin ./socket --http-admin socket'), { tokens: './socket', hasSocketLogin: true })
})

const refused: [line: string, words: string[]][] = [
  ['', ['--raw', '--tap']],
  ['--address 10.0.0.1/24@eth0', ['--raw', '--tap']],
  [`${least} --tap t0`, ['--raw', '--tap', 'one of the three']],
  ['--tap t0', ['--address']],
  [`${least} word`, ["'word'", 'unexpected']],
  [`${least} -- word`, ["'word'"]],
  [`${least} --nosuch`, ['--nosuch', 'no such option']],
  [`${least} -x`, ['-x', 'no such option']],
  [`${least} --toString 1`, ['--toString']],
  [`${least} --raw eth1`, ['--raw', 'twice', 'write --raw eth0,eth1']],
  [`${least} --http-host lb`, ['--http-host', '--http']],
  [`${least} --http-admin socket`, ['--http-admin', 'goes with --http']],
  [`${least} --http 1 --http-admin /a --http-admin /b`, ['--http-admin', "'/b'", '/a']],
  [`${least} --http 1 --http-host lb:9100`, ['--http-host', "'lb:9100'", 'without a port']],
  [`${least} --seed 1 --seed 2`, ['--seed', 'twice']],
  [`${least} --vip`, ['--vip', 'needs a value']],
  [`${least} --vip 0.0.0.0`, ['--vip', "'0.0.0.0'", 'no host']],
  [`${least} --vip=`, ['--vip', 'needs a value']],
  [`${least} --vip --seed 1`, ['--vip', 'needs a value']],
  ['--raw eth0,eth0 --address 10.0.0.1/24@eth0', ["'eth0'", 'twice']],
  ['--raw eth0, --address 10.0.0.1/24@eth0', ["''", 'interface']],
  ['--raw sixteen-letters- --address 10.0.0.1/24@eth0', ["'sixteen-letters-'"]],
  ['--raw a/b --address 10.0.0.1/24@eth0', ["'a/b'"]],
  [`${least} --mac 02:00:00:00:00:01@eth0`, ['--mac', '--tap']],
  ['--tap t0 --address 10.0.0.1/24@t0 --mac 02:00:00:00:00:01', ['--mac', 'MAC@INTERFACE']],
  ['--tap t0 --address 10.0.0.1/24@t0 --mac x@t0', ['--mac', "'x@t0'"]],
  ['--tap t0 --address 10.0.0.1/24@t0 --mac 01:00:00:00:00:01@t0', ['--mac', 'group']],
  ['--tap t0 --address 10.0.0.1/24@t0 --mac 02:00:00:00:00:01@t1', ['--mac', "'t1'", 't0']],
  [`${least} --max-connections 0`, ['--max-connections', "'0'", '1 to 16777216']],
  [`${least} --max-connections 16777217`, ['--max-connections']],
  [`${least} --max-connections 1e6`, ['--max-connections', "'1e6'"]],
  [`${least} --icmp-ratelimit -1`, ['--icmp-ratelimit']],
  [`${least} --icmp-ratelimit 3600001`, ['--icmp-ratelimit', '3600000']],
  [`${least} --seed 4294967296`, ['--seed', '4294967295']],
  [`${least} --seed 0x1`, ['--seed']],
  [`${least} --http x`, ['--http', 'PORT or ADDRESS:PORT']],
  [`${least} --http eth0:9100`, ['--http', "'eth0' is no address"]],
  [`${least} --http 127.0.0.1:65536`, ['--http']],
  [`${least} --http 127.0.0.1:x`, ['--http']],
  ...['0', '65', '1.5', 'many', '-1'].map((text): [string, string[]] => [
    `${least} --workers ${text}`,
    ['--workers', `'${text}'`, '1 to 64'],
  ]),
  [`${least} --workers 8 --max-connections 7`, ['--max-connections', "'7'", '8 workers']],
  ...['255.0.255.0', '0.0.0.0', '24', '255.255.255.1', 'x'].map((text): [string, string[]] => [
    `${least} --steer-mask ${text}`,
    ['--steer-mask', `'${text}'`, '255.255.255.0'],
  ]),
  [`${least} --libpcap eth0`, ['--raw', '--tap', '--libpcap', 'one of the three']],
  ['--libpcap eth0', ['--address']],
  ['--libpcap eth0 --address 10.0.0.1/24@eth0 --offload 4', ['--offload goes with --raw', 'libpcap']],
  ['--libpcap eth0 --address 10.0.0.1/24@eth0 --workers 2', ['--libpcap goes with one worker']],
  ['--libpcap eth0 --address 10.0.0.1/24@eth0 --mac 02:00:00:00:00:01@eth0', ['--mac goes with --tap']],
]

t.test('--libpcap takes interfaces by name, and uvs is a host of its own there', async t => {
  const { devices, offload, keep, workers } = parse('--libpcap eth0,eth1 --address 10.0.0.1/24@eth0')
  t.strictSame(devices, [
    { kind: 'libpcap', name: 'eth0' },
    { kind: 'libpcap', name: 'eth1' },
  ])
  t.strictSame([offload, keep, workers], [undefined, undefined, 1])
})

t.test('what cannot be meant is told in one line that names the option', async t => {
  for (const [line, words] of refused) {
    try {
      parse(line)
      t.fail(`'${line}' is taken`)
    } catch (error) {
      t.ok(error instanceof UsageError, `'${line}': ${String(error)}`)
      const { message } = error as Error
      t.notMatch(message, /\n/)
      for (const word of words) t.ok(message.includes(word), `'${message}' says '${word}'`)
    }
  }
})

t.test('every option but --standby, --fleet and --check has a value’s name, and all a help of one line', async t => {
  for (const { flags, value, help } of DIRECTOR_FORMS.flatMap(({ options }) => options)) {
    t.equal(value !== undefined, !['--standby', '--fleet', '--check'].includes(flags[0]!), flags.join())
    t.match(help, /^[^\n]+$/, flags.join())
  }
})

t.test('the help of --icmp-ratelimit says how many are sent at once', async t => {
  const limit = DIRECTOR_FORMS[0]!.options.find(({ flags }) => flags.includes('--icmp-ratelimit'))
  t.match(limit?.help, 'a peer gets 6 at once, then one every MS; all peers 50, then 1000 a second')
})
