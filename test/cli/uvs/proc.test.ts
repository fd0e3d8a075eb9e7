import t from 'tap'
import { fileOf, showProc } from '../../../src/cli/uvs/proc.js'
import { uvsadm } from '../../../src/cli/uvsadm/run.js'
import type {
  ConnectionInfo,
  Control,
  DestinationInfo,
  ServiceInfo,
  TotalsInfo,
} from '../../../src/control/protocol/api.js'
import { connectControl } from '../../../src/control/socket/client.js'
import { serveControl } from '../../../src/control/socket/server.js'
import { UsageError } from '../../../src/director/options.js'
import { BenchDirector, fromClient, VIP } from '../../support/bench-director.js'
import { connection, FakeControl, noRates, noStats } from '../../support/fake-control.js'
import { tcp4 } from '../../support/frames.js'
import { runCommand } from '../../support/run-command.js'
import { tempDir } from '../../support/temp.js'
import { readTranscript } from '../../support/transcript.js'

/** What `cat /proc/net/NAME` said. */
function recorded(name: string, file = '03-listings.txt'): string {
  const found = readTranscript(file).find(record => record.command === `cat /proc/net/${name}`)
  if (!found) throw new Error(`${file} has no ${name}`)
  return found.out
}
async function shown(control: Control, name: string): Promise<string> {
  const { status, out, err } = await showProc(name, control)
  return status === 0 && err === '' ? out : `${status} ${err}`
}

const OPTIONS: Partial<ServiceInfo> = { persistence: 0, netmask: '255.255.255.255', onePacket: false, schedFlags: 0 }
const COUNTS = { upperThreshold: 0, lowerThreshold: 0, activeConns: 0, inactConns: 0, persistConns: 0 }

/** `TCP 10.0.0.1:80 rr` or `FWM 7 rr`; real servers as `10.0.0.2:80 masq 1`. */
function service(text: string, options: Partial<ServiceInfo>, ...servers: string[]): ServiceInfo {
  const [kind = '', at = '', scheduler = ''] = text.split(' ')
  const key = kind === 'FWM' ? { mark: Number(at) } : { protocol: kind.toLowerCase(), ...endpoint(at) }
  const destinations = servers.map(server => {
    const [where = '', method, weight] = server.split(' ')
    return { ...endpoint(where), method, weight: Number(weight), ...COUNTS, stats: noStats, rates: noRates }
  }) as DestinationInfo[]
  return { ...key, scheduler, ...OPTIONS, ...options, stats: noStats, rates: noRates, destinations } as ServiceInfo
}
function endpoint(text: string): { address: string; port: number } {
  const [, address = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(text) ?? []
  return { address, port: Number(port) }
}

t.test('ip_vs is as recorded, services of every kind', async t => {
  const control = new FakeControl()
  control.services = [
    service('UDP 10.0.0.100:53 rr', { onePacket: true }, '10.0.0.2:5353 masq 1'),
    service('TCP 10.0.0.101:0 rr', { persistence: 360 }),
    service(
      'TCP 10.0.0.100:80 wlc',
      {},
      '10.0.0.5:80 tunnel 1',
      '10.0.0.1:80 masq 4',
      '10.0.0.4:80 tunnel 3',
      '10.0.0.3:80 direct 2',
      '10.0.0.2:80 masq 1',
    ),
    service(
      'TCP 10.0.0.100:443 sh',
      { persistence: 600, netmask: '255.255.255.0', schedFlags: 3 },
      '10.0.0.2:443 direct 1',
    ),
    service('SCTP 10.0.0.100:9 fo', {}),
    service('TCP [2001:db8::1]:80 rr', { netmask: '128' }, '10.0.0.2:80 tunnel 1', '[2001:db8::2]:80 masq 1'),
    service('UDP 10.0.0.100:5060 rr', { persistence: 300 }),
    service('FWM 7 mh', { schedFlags: 2 }, '10.0.0.2:0 masq 1'),
  ]
  t.equal(await shown(control, 'ip_vs'), recorded('ip_vs'))
})

t.test('ip_vs of what no recording has, as the real kernel showed it', async t => {
  const control = new FakeControl()
  const v6 = { netmask: '128' }
  control.services = [
    service('UDP [2001:db8::6]:80 rr', { ...v6, onePacket: true }, '[2001:db8::ffff:1]:80 direct 2147483647'),
    service('TCP [2001:db8::6]:80 rr', { ...v6, persistence: 70 }),
    service('TCP [2001:db8::5]:80 rr', { netmask: '64', persistence: 70 }),
    service('UDP 10.0.0.100:53 rr', { onePacket: true, persistence: 99 }, '10.0.0.7:99 masq 21474'),
    service('FWM 4294967295 rr', { onePacket: true }),
    service('FWM 9 rr', { persistence: 100 }),
    service('FWM 11 rr', { netmask: '64', onePacket: true, persistence: 70 }),
  ]
  const [, , , ...lines] = (await shown(control, 'ip_vs')).split('\n')
  t.strictSame(lines, [
    'UDP  [2001:0db8:0000:0000:0000:0000:0000:0006]:0050 rr ',
    '  -> [2001:0db8:0000:0000:0000:0000:ffff:0001]:0050      Route   2147483647 0          0         ',
    'TCP  [2001:0db8:0000:0000:0000:0000:0000:0006]:0050 rr persistent 7000 80000000',
    'TCP  [2001:0db8:0000:0000:0000:0000:0000:0005]:0050 rr persistent 7000 40000000',
    'UDP  0A000064:0035 rr ops  persistent 9900 FFFFFFFF',
    '  -> 0A000007:0063      Masq    21474  0          0         ',
    'FWM  FFFFFFFF rr ops ',
    'FWM  00000009 rr persistent 10000 FFFFFFFF',
    'FWM  0000000B rr ops persistent 7000 40000000',
    '',
  ])
})

/** The set-up of 03-listings.txt, without what a director does not serve. */
const SET_UP = `
-A -t 10.0.0.100:80 -s wlc
-a -t 10.0.0.100:80 -r 10.0.0.2:80 -m -w 1
-a -t 10.0.0.100:80 -r 10.0.0.3:80 -g -w 2
-a -t 10.0.0.100:80 -r 10.0.0.4:80 -i -w 3 -x 100 -y 50
-a -t 10.0.0.100:80 -r 10.0.0.1:80 -m -w 4
-A -u 10.0.0.100:53 -s rr -o
-a -u 10.0.0.100:53 -r 10.0.0.2:5353 -m
-A -t 10.0.0.100:443 -s sh -b sh-port,sh-fallback -p 600 -M 255.255.255.0
-a -t 10.0.0.100:443 -r 10.0.0.2:443 -g
-A -f 7 -s mh -b mh-port
-a -f 7 -r 10.0.0.2:0 -m
-A -t 10.0.0.101:0 -s rr -p
-A --sctp-service 10.0.0.100:9 -s fo
-a -t 10.0.0.100:80 -r 10.0.0.5:80 -i --tun-type gue --tun-port 6080`

t.test('every file of a director without traffic is as recorded', async t => {
  const made = new BenchDirector()
  for (const line of SET_UP.trim().split('\n'))
    t.strictSame(await uvsadm(line.split(' '), made.control), { status: 0, out: '', err: '' }, line)
  let isServed = true
  const lines = recorded('ip_vs')
    .split('\n')
    .filter(line => {
      if (/^[A-Z]/.test(line)) isServed = !/\[|:13C4/.test(line)
      return isServed
    })
  t.equal(await shown(made.control, 'ip_vs'), lines.join('\n'))
  for (const name of ['ip_vs_stats', 'ip_vs_stats_percpu', 'ip_vs_conn', 'ip_vs_conn_sync'])
    t.equal(await shown(made.control, name), recorded(name), name)
  t.equal(await shown(made.control, 'ip_vs_app'), 'prot port    usecnt name\n')
})

t.test('ip_vs_stats under load is as recorded', async t => {
  const control = new FakeControl()
  control.totals = {
    stats: { conns: 59, inPkts: 0x15b91, outPkts: 0x15b49, inBytes: 0x78bdbb, outBytes: 0x111c3e2 },
    rates: { cps: 6, inPps: 0x2699, outPps: 0x2693, inBps: 0xd68f9, outBps: 0x1e6979 },
    live: noStats,
    workers: [noStats],
  }
  t.equal(await shown(control, 'ip_vs_stats'), recorded('ip_vs_stats', '06-traffic.txt'))
})

t.test('large numbers widen a line; ip_vs_stats_percpu has the live ones of each worker', async t => {
  const control = new FakeControl()
  const totals: TotalsInfo = {
    stats: { conns: 0xabc, inPkts: 0x123456789, outPkts: 1, inBytes: 2 ** 53 - 1, outBytes: 255 },
    rates: { cps: 10, inPps: 11, outPps: 12, inBps: 13, outBps: 14 },
    live: noStats,
    workers: [
      { conns: 0xfff, inPkts: 1, outPkts: 2, inBytes: 3, outBytes: 4 },
      { conns: 5, inPkts: 6, outPkts: 7, inBytes: 8, outBytes: 9 },
    ],
  }
  control.totals = totals
  t.equal(
    await shown(control, 'ip_vs_stats_percpu'),
    `       Total Incoming Outgoing         Incoming         Outgoing
CPU    Conns  Packets  Packets            Bytes            Bytes
  0      FFF        1        2                3                4
  1        5        6        7                8                9
  ~      ABC 123456789        1   1FFFFFFFFFFFFF               FF

     Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
           A        B        C                D                E
`,
  )
})

t.test('lines of ip_vs_conn are as recorded', async t => {
  const record = readTranscript('06-traffic.txt').find(({ command }) => command === 'head -5 /proc/net/ip_vs_conn')
  const control = new FakeControl()
  control.connections = ['52988 > 11', '53044 > 13', '52720 > 13', '52868 > 12'].map(text => {
    const [port = '', server = ''] = text.split(' > ')
    return connection('tcp', 4, 'CLOSE', `10.99.1.10:${port}`, '10.99.1.100:80', `10.99.2.${server}:80`)
  })
  t.equal(await shown(control, 'ip_vs_conn'), record?.out)
})

const CONNECTIONS: ConnectionInfo[] = [
  connection('udp', 299, 'UDP', '10.99.1.10:59028', '10.99.1.100:53', '10.99.2.13:53'),
  connection('sctp', 3, 'INIT1', '10.99.1.10:1', '10.99.1.100:9', '10.99.2.13:9'),
  connection('ip', 359, 'NONE', '10.99.1.0:0', '0.0.0.7:0', '10.99.2.13:0'),
  connection('tcp', 60, 'ESTABLISHED', '10.99.1.13:0', '10.99.1.100:65535', '10.99.2.11:65535'),
  {
    ...connection('tcp', 2678400, 'TIME_WAIT', '1.1.1.1:1', '1.1.1.1:2', '1.1.1.1:3'),
    caddr: '2001:db8::7',
    vaddr: '2001:db8::1',
  },
]
const V6 = '2001:0db8:0000:0000:0000:0000:0000:000'

t.test('lines of every kind, page after page', async t => {
  const control = new FakeControl()
  control.connections = CONNECTIONS
  t.equal(
    await shown(control, 'ip_vs_conn'),
    `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData
UDP 0A63010A E694 0A630164 0035 0A63020D 0035 UDP             299
SCTP 0A63010A 0001 0A630164 0009 0A63020D 0009 INIT1             3
IP  0A630100 0000 00000007 0000 0A63020D 0000 NONE            359
TCP 0A63010D 0000 0A630164 FFFF 0A63020B FFFF ESTABLISHED      60
TCP ${V6}7 0001 ${V6}1 0002 01010101 0003 TIME_WAIT   2678400
`,
  )
  t.equal(
    await shown(control, 'ip_vs_conn_sync'),
    `Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires
UDP 0A63010A E694 0A630164 0035 0A63020D 0035 UDP         LOCAL      299
SCTP 0A63010A 0001 0A630164 0009 0A63020D 0009 INIT1       LOCAL        3
IP  0A630100 0000 00000007 0000 0A63020D 0000 NONE        LOCAL      359
TCP 0A63010D 0000 0A630164 FFFF 0A63020B FFFF ESTABLISHED LOCAL       60
TCP ${V6}7 0001 ${V6}1 0002 01010101 0003 TIME_WAIT   LOCAL  2678400
`,
  )
})

/** A line of ip_vs_stats_percpu: a SYN. */
const counted = (mark: string) => `\n  ${mark}        1        1        0               28                0\n`

t.test('connections and totals of a director: live at once, the others with the tick', async t => {
  const made = new BenchDirector()
  made.serve('tcp', `${VIP}:80`, '10.99.2.11:8080')
  made.receive('c', tcp4(`10.99.1.10:40000 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  const line = 'TCP 0A63010A 9C40 0A630164 0050 0A63020B 1F90 SYN_RECV         60\n'
  t.match(await shown(made.control, 'ip_vs_conn'), line)
  const none = '        0        0        0                0                0\n'
  t.match(await shown(made.control, 'ip_vs_stats_percpu'), counted('0'))
  t.match(await shown(made.control, 'ip_vs_stats_percpu'), `\n  ~ ${none.slice(1)}`)
  made.poll(2000)
  t.match(await shown(made.control, 'ip_vs_stats_percpu'), counted('~'))
  t.match(
    await shown(made.control, 'ip_vs_stats'),
    /\n {7}1 {8}1 {8}0 {15}28 {16}0\n\n.*\n {7}0 {8}0 {8}0 {16}5 {16}0\n$/,
  )
  made.must({ op: 'zero' })
  t.match(await shown(made.control, 'ip_vs_stats_percpu'), counted('0'), 'not zeroed')
  t.match(await shown(made.control, 'ip_vs_stats_percpu'), `\n  ~ ${none.slice(1)}`)
})

t.test('a file is named as in /proc too; another name is refused in one line', async t => {
  for (const name of ['ip_vs', '/proc/net/ip_vs', 'proc/net/ip_vs', 'net/ip_vs']) t.equal(fileOf(name), 'ip_vs', name)
  const names = 'ip_vs, ip_vs_app, ip_vs_conn, ip_vs_conn_sync, ip_vs_stats, ip_vs_stats_percpu'
  for (const name of ['ip_vs_ext', 'toString', '/etc/net/ip_vs', ''])
    t.throws(() => fileOf(name), new UsageError(`'${name}': there is no such file; those there are: ${names}`))
})

t.test('refused, without a director, and a mistake of ours', async t => {
  const older: Control = { call: async () => ({ ok: false, refusal: 'EPROTO', message: 'no such operation' }) }
  for (const name of ['ip_vs', 'ip_vs_conn', 'ip_vs_stats'])
    await t.rejects(showProc(name, older), { message: 'no such operation' }, name)
  await t.rejects(showProc('ip_vs', connectControl(`${tempDir(t)}/none`)), { message: /^no director answers at / })
  const broken: Control = { call: () => Promise.reject(new TypeError('a bug')) }
  await t.rejects(showProc('ip_vs_stats', broken), { message: 'a bug' })
})

t.test('the command, over a socket', async t => {
  const path = `${tempDir(t)}/sock`
  const server = await serveControl(path, new BenchDirector().control)
  t.teardown(() => server.close())
  const run = (...words: string[]) => runCommand('proc', '', ...words, '--control', path)
  t.strictSame(await run('/proc/net/ip_vs_stats'), { status: 0, out: recorded('ip_vs_stats'), err: '' })
  for (const [words, err] of [
    [['nosuch'], /^uvs proc: 'nosuch': there is no such file; those there are: ip_vs, .*\n$/],
    [[], /^uvs proc: NAME is missing: uvs proc NAME .*\n$/],
    [['ip_vs', 'ip_vs_app'], /^uvs proc: 'ip_vs_app': unexpected word .*\n$/],
  ] as const)
    t.match(await run(...words), { status: 2, out: '', err }, words.join(' '))
})
