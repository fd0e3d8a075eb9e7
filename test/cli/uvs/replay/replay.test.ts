import { spawnSync } from 'node:child_process'
import { existsSync, linkSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { captureFile, pcap, readCapture, type PcapFrame } from '../../../support/capture-files.js'
import { arp, hex, tcp4, udp4 } from '../../../support/frames.js'
import { runCommand } from '../../../support/run-command.js'

const MAIN = fileURLToPath(new URL('../../../../src/cli/uvs/main.js', import.meta.url))
const VIP = '10.0.0.100'
const CLIENT = '10.1.0.7:40000'
const RULES = `-A -t ${VIP}:80 -s rr
-a -t ${VIP}:80 -r 10.2.0.1:80 -m
-a -t ${VIP}:80 -r 10.2.0.2:80 -m
`
const BEGIN = 1_700_000_000
const eth = '02:00:00:00:00:07 > 02:00:00:00:00:99'

const at = (seconds: number, frame: Uint8Array): PcapFrame => ({
  seconds: BEGIN + Math.floor(seconds),
  fraction: Math.round((seconds % 1) * 1e6),
  frame,
})
const fromClient = (flags: string): Uint8Array => tcp4(`${CLIENT} > ${VIP}:80`, { flags, eth })
const FLOW = [
  at(0.000_001, fromClient('S')),
  at(0.01, tcp4(`10.2.0.2:80 > ${CLIENT}`, { flags: 'SA', eth: '02:00:00:00:00:12 > 02:00:00:00:00:99' })),
  at(0.02, fromClient('A')),
]

interface Files {
  in: string
  out: string
  json: string
  rules: string
}
function files(t: Test, capture: Uint8Array, rules = RULES): Files {
  const path = captureFile(t, capture, 'in.pcap')
  const beside = (name: string): string => join(dirname(path), name)
  writeFileSync(beside('rules'), rules)
  return { in: path, out: beside('out.pcapng'), json: beside('verdicts.jsonl'), rules: beside('rules') }
}
const replay = (given: Files, ...more: string[]) =>
  runCommand('replay', '', '--rules', given.rules, '--in', given.in, '--out', given.out, '--json', given.json, ...more)

/** The comments of a file, as tshark shows them; undefined without tshark. */
function comments(path: string): string[] | undefined {
  const { status, stdout } = spawnSync('tshark', ['-r', path, '-T', 'fields', '-e', 'frame.comment'], {
    encoding: 'utf8',
  })
  return status === 0 ? stdout.trimEnd().split('\n') : undefined
}

t.test('a flow by NAT, of which nothing but the rules is told: frames, comments, lines, tables', async t => {
  const given = files(t, pcap(FLOW))
  const { status, out, err } = await replay(given)
  t.strictSame([status, err], [0, ''])
  t.match(out, `${given.in}: 3 frames in 0.019 s of the capture, 3 came in, 6 were sent\n`)
  t.match(out, /\$ uvs verdicts\nbalanced 1\nconsumed 2\nheld     2\n/)
  t.match(out, /\$ uvsadm -Ln\n[^$]*-> 10\.2\.0\.2:80 +Masq +1 +1 +0 /)
  t.match(out, /\$ uvsadm -Ln --stats\n[^$]*TCP +10\.0\.0\.100:80 +1 +2 +1 +80 +40\n/)
  t.match(out, /\$ uvsadm -Lnc\n[^$]*TCP 14:57 +ESTABLISHED 10\.1\.0\.7:40000 +10\.0\.0\.100:80 +10\.2\.0\.2:80\n/)

  const { frames, names, error } = readCapture(given.out)
  t.equal(error, undefined)
  t.strictSame(names, ['eth0'])
  const came = frames.filter(({ direction, frame }) => direction === 1 && !hex(frame).includes('0806'))
  t.strictSame(
    came.map(({ frame, time }) => [hex(frame), time]),
    FLOW.map(({ frame, seconds, fraction }) => [hex(frame), `${seconds}.${String(fraction * 1000).padStart(9, '0')}`]),
    'what came in, as it was, when it was',
  )
  const about = `TCP ${VIP}:80: ${CLIENT} > ${VIP}:80 > 10.2.0.2:80, masq`
  const shown = comments(given.out)
  if (shown)
    t.strictSame(shown, [
      'out: by the director itself',
      `in 1: held; ${about}; opened, SYN_RECV, 60 s`,
      `out of 1: held; ${about}; opened, SYN_RECV, 60 s`,
      'answered by uvs replay: the capture has no such answer',
      `out of 1: held; ${about}; opened, SYN_RECV, 60 s`,
      `in 2: held; ${about}; SYN_RECV, 60 s`,
      `out of 2: held; ${about}; SYN_RECV, 60 s`,
      'answered by uvs replay: the capture has no such answer',
      `out of 2: held; ${about}; SYN_RECV, 60 s`,
      `in 3: balanced; ${about}; SYN_RECV > ESTABLISHED, 900 s`,
      `out of 3: balanced; ${about}; SYN_RECV > ESTABLISHED, 900 s`,
    ])
  const lines = readFileSync(given.json, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as object)
  const connection = { protocol: 'tcp', client: CLIENT, virtual: `${VIP}:80`, server: '10.2.0.2:80', method: 'masq' }
  const each = { interface: 'eth0', service: `TCP ${VIP}:80`, connection }
  t.strictSame(lines, [
    {
      frame: 1,
      time: `${BEGIN}.000001000`,
      verdict: 'held',
      from: CLIENT,
      to: `${VIP}:80`,
      ...each,
      stateAfter: 'SYN_RECV',
      timeout: 60,
      sent: 2,
    },
    {
      frame: 2,
      time: `${BEGIN}.010000000`,
      verdict: 'held',
      from: '10.2.0.2:80',
      to: CLIENT,
      ...each,
      stateBefore: 'SYN_RECV',
      stateAfter: 'SYN_RECV',
      timeout: 60,
      sent: 2,
    },
    {
      frame: 3,
      time: `${BEGIN}.020000000`,
      verdict: 'balanced',
      from: CLIENT,
      to: `${VIP}:80`,
      ...each,
      stateBefore: 'SYN_RECV',
      stateAfter: 'ESTABLISHED',
      timeout: 900,
      sent: 1,
    },
  ])
})

t.test('two runs give the same octets', async t => {
  const given = files(t, pcap(FLOW), RULES.replace('-s rr', '-s mh -p 60'))
  const results = [await replay(given), readFileSync(given.out), readFileSync(given.json)]
  t.strictSame([await replay(given), readFileSync(given.out), readFileSync(given.json)], results)
})

t.test('timeouts pass on the capture’s clock, and lines of --at at their times', async t => {
  const given = files(
    t,
    pcap([...FLOW, at(899, udp4('10.1.0.7:9 > 10.1.0.8:9', { eth })), at(30_000_000, fromClient('PA'))]),
  )
  const { status, out } = await replay(
    given,
    '--at',
    '950s',
    'uvsadm -Lnc',
    '--at',
    '10.5',
    'uvsadm -e -t 10.0.0.100:80 -r 10.2.0.1:80 -m -w 0',
    '--at=15m5s',
    'uvsadm -Lnc',
  )
  t.equal(status, 0)
  t.match(out, /^at 10\.5 s \$ uvsadm -e .*\nat 905 s \$ uvsadm -Lnc\n/, 'by their times')
  t.match(out, /at 905 s \$ uvsadm -Lnc\nIPVS.*\npro.*\nat 950 s/, 'ESTABLISHED ends after 900 s')
  t.match(out, /10\.2\.0\.1:80 +Masq +0 /)
  t.match(out, 'gaps of more than 32 days: 1, taken as such')
  t.notMatch(readFileSync(given.json, 'utf8').trimEnd().split('\n').at(-1), 'connection', 'the last packet has none')
})

t.test('a line of --at that fails: status 1, and the rest is done', async t => {
  const { status, out, err } = await replay(files(t, pcap(FLOW)), '--at', '0', 'uvsadm -d -t 10.0.0.9:80 -r 10.2.0.1')
  t.equal(status, 1)
  t.match(out, '3 came in')
  t.equal(err, 'Service not defined\n')
})

t.test('a corrupt capture: one line and status 1; what was read before is kept', async t => {
  const given = files(t, pcap(FLOW).slice(0, -1))
  const { status, out, err } = await replay(given)
  t.equal(status, 1)
  t.match(
    err,
    new RegExp(`^uvs replay: ${given.in}: at octet \\d+: the file ends within a frame: \\d+ of \\d+ octets\n$`),
  )
  t.match(out, '2 frames in')
  t.equal(readCapture(given.out).error, undefined)
  t.equal(readFileSync(given.json, 'utf8').split('\n').length, 3)
  const text = await replay({ ...given, in: given.rules })
  t.strictSame([text.status, text.out], [1, ''])
  t.match(text.err, /^uvs replay: .*: at octet 0: neither pcap nor pcapng: it begins with 2d41202d\n$/)
})

t.test('several interfaces, a MAC that is known, who is asked for', async t => {
  const own = '02:00:00:00:01:01'
  const given = files(
    t,
    pcap([
      at(
        0,
        arp({ operation: 'request', senderMac: '02:00:00:00:00:07', senderAddr: '10.0.0.7', targetAddr: '10.0.0.1' }),
      ),
      at(1, tcp4(`10.0.0.7:5 > ${VIP}:80`, { flags: 'S', eth: `02:00:00:00:00:07 > ${own}` })),
      at(2, tcp4(`10.0.0.7:6 > ${VIP}:80`, { flags: 'S', eth: '02:00:00:00:00:07 > 02:00:00:00:00:55' })),
      at(3, tcp4('10.0.0.7:7 > 10.0.0.9:80', { flags: 'S', eth: `${own} > 02:00:00:00:00:55` })),
      at(9, tcp4(`10.0.0.7:8 > ${VIP}:80`, { flags: 'S', eth: `02:00:00:00:00:07 > ${own}` })),
    ]),
  )
  const { status, out } = await replay(
    given,
    '--address',
    '10.0.0.1/24@c',
    '--address',
    '10.2.0.254/24@r',
    '--mac',
    `${own}@c`,
    '--arp',
    'capture',
    '--neighbour',
    '10.2.0.1=02:00:00:00:02:01@r',
  )
  t.equal(status, 0)
  t.match(out, 'left out: 1 that the host had sent itself\n')
  t.match(out, /answered +1\nbalanced +1\ndrop-neighbour-failed +1\ndrop-not-ours +1\nheld +1\n/)
  t.match(comments(given.out) ?? ['not replayed'], /not replayed/)
  t.strictSame(readCapture(given.out).names, ['c', 'r'])
})

t.test('what is wrong on the command line is a line, with status 2, and no file is made', async t => {
  const given = files(t, pcap(FLOW))
  const cases: [args: string[], message: RegExp][] = [
    [['--at', 'soon', 'uvsadm -C'], /--at: 'soon' is no time/],
    [['--at', '5s'], /--at: '5s' is not TIME and a line/],
    [['--mac', 'eth0'], /--mac: 'eth0' is not MAC@INTERFACE/],
    [['--seed', '-1'], /--seed: '-1' is not a whole number|needs a value/],
    [['--address', '10.0.0.1@'], /--address/],
    [['--arp', 'nobody'], /--arp 'nobody': it may be answer, capture/],
  ]
  for (const [args, message] of cases) {
    const { status, out, err } = await replay(given, ...args)
    t.strictSame([status, out], [2, ''], args.join(' '))
    t.match(err, message)
    t.match(err, /^[^\n]+\n$/)
  }
  t.match((await replay({ ...given, out: given.in })).err, /--out: .* is the file of --in/)
  t.match(await replay({ ...given, in: `${given.in}.not` }), { status: 2, err: /--in: .*no such file/i })
  writeFileSync(given.rules, '-A -t 10.0.0.100:80\n-A -t 10.0.0.100:80\n')
  t.match(await replay(given), { status: 2, err: /--rules: .* line 2: Service already exists/ })
  t.ok(existsSync(given.in))
  t.strictSame([given.out, given.json].filter(existsSync), [], 'nor is one left')
})

t.test('no file is written over another, and none before all is right', async t => {
  const given = files(t, pcap(FLOW))
  const folder = dirname(given.in)
  const link = join(folder, 'link')
  linkSync(given.in, link)
  const loop = join(folder, 'loop')
  symlinkSync(loop, loop)
  const before = [readFileSync(given.in), readFileSync(given.rules)]
  for (const [changed, message] of [
    [{ json: given.in }, /--json: \S+ is the file of --in/],
    [{ out: link }, /--out: \S+link is the file of --in/],
    [{ out: given.rules }, /--out: \S+ is the file of --rules/],
    [{ json: given.out }, /--json: \S+ is the file of --out/],
    [{ in: folder }, /--in: \S+: it is a directory, no capture/],
    [{ in: loop }, /--in: \S+loop: too many symbolic links encountered/],
    [{ out: join(folder, 'none/out') }, /--out: \S+: no such file or directory/],
  ] as const) {
    const { status, out, err } = await replay({ ...given, ...changed })
    t.match([status, out, err], [2, '', message], JSON.stringify(changed))
    t.match(err, /^uvs replay: [^\n]+\n$/)
  }
  t.strictSame([readFileSync(given.in), readFileSync(given.rules)], before)

  writeFileSync(given.out, 'dear')
  writeFileSync(given.json, 'dear too')
  writeFileSync(join(folder, 'empty'), '')
  t.match(await replay({ ...given, in: join(folder, 'empty') }), {
    status: 1,
    err: /no capture: the file has 0 octets/,
  })
  t.match(await replay({ ...given, rules: join(folder, 'empty.not') }), { status: 2 })
  t.match(await replay({ ...given, rules: given.in }), { status: 2 })
  t.strictSame([readFileSync(given.out, 'utf8'), readFileSync(given.json, 'utf8')], ['dear', 'dear too'])
  t.match(await replay(given), { status: 0 })
  const fresh = { ...given, out: join(folder, 'fresh.pcapng'), json: join(folder, 'fresh.jsonl') }
  t.match(await replay(fresh), { status: 0 })
  t.strictSame(readFileSync(given.out), readFileSync(fresh.out), 'nothing of what was there is left')
  t.strictSame(readFileSync(given.json), readFileSync(fresh.json))
})

t.test('a full disk is said with the file', async t => {
  const given = files(t, pcap(FLOW))
  t.match(await replay({ ...given, out: '/dev/full', json: '/dev/null' }), {
    status: 1,
    err: 'uvs replay: --out /dev/full, --json /dev/null: no space left on device\n',
  })
})

t.test('the files are whole though nobody reads what is printed', async t => {
  const given = files(t, pcap(Array.from({ length: 300 }, (_, i) => at(i, fromClient('S')))))
  const args = ['replay', '--rules', given.rules, '--in', given.in, '--out', given.out, '--json', given.json]
  const line = [process.execPath, MAIN, ...args].map(word => `'${word}'`).join(' ')
  spawnSync('sh', ['-c', `{ sleep 0.1; exec ${line}; } | true`])
  t.equal(readFileSync(given.json, 'utf8').split('\n').length, 301)
  t.equal(readCapture(given.out).frames.filter(({ direction }) => direction === 1).length >= 300, true)
})

t.test('no native code is loaded', async t => {
  const given = files(t, pcap(FLOW))
  const hook =
    'export async function resolve(s,c,next){if(s==="koffi")throw new Error("no koffi here");return next(s,c)}'
  const register = `data:text/javascript,${encodeURIComponent(
    `import{register}from'node:module';register('data:text/javascript,${encodeURIComponent(hook)}')`,
  )}`
  const args = ['--import', register, MAIN, 'replay', '--rules', given.rules, '--in', given.in]
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  t.strictSame([status, stderr], [0, ''])
})
