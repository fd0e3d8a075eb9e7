import t from 'tap'
import { shorten } from '../../../../src/cli/uvsadm/listing/layouts.js'
import { uvsadm } from '../../../../src/cli/uvsadm/run.js'
import { sortServices } from '../../../../src/cli/uvsadm/listing/sort.js'
import type { Protocol, ServiceInfo } from '../../../../src/control/protocol/api.js'
import { connection, FakeControl, noRates, noStats } from '../../../support/fake-control.js'
import { fakeNames } from '../../../support/names.js'

/** A service of `PROTO ADDRESS:PORT` or `fwm MARK`. */
function service(where: string, destinations: string[] = []): ServiceInfo {
  const [protocol = '', address = '', port = ''] = where.split(/[ :]/)
  const key =
    protocol === 'fwm' ? { mark: Number(address) } : { protocol: protocol as Protocol, address, port: Number(port) }
  return {
    ...key,
    scheduler: 'wlc',
    persistence: 0,
    netmask: '255.255.255.255',
    onePacket: false,
    schedFlags: 0,
    stats: noStats,
    rates: noRates,
    destinations: destinations.map(text => {
      const [at = '', port = ''] = text.split(':')
      return {
        address: at,
        port: Number(port),
        method: 'masq',
        weight: 1,
        upperThreshold: 0,
        lowerThreshold: 0,
        activeConns: 0,
        inactConns: 0,
        persistConns: 0,
        stats: noStats,
        rates: noRates,
      }
    }),
  }
}

function sortedServices(...where: string[]): string[] {
  return sortServices(where.map(text => service(text))).map(svc =>
    'mark' in svc ? `fwm ${svc.mark}` : `${svc.protocol} ${svc.address}:${svc.port}`,
  )
}

t.test('services are sorted as ipvsadm sorts them', async t => {
  t.strictSame(sortedServices('udp 10.0.0.1:53', 'tcp 10.0.0.2:80', 'tcp 10.0.0.1:443', 'tcp 10.0.0.1:80'), [
    'tcp 10.0.0.1:80',
    'tcp 10.0.0.1:443',
    'tcp 10.0.0.2:80',
    'udp 10.0.0.1:53',
  ])
  const far = ['10.0.0.1:443', '203.0.113.5:80', '172.16.0.1:80', '10.0.0.1:80', '192.168.0.1:80', '8.8.8.8:80']
  const real = ['172.16.0.1:80', '192.168.0.1:80', '203.0.113.5:80', '8.8.8.8:80', '10.0.0.1:80', '10.0.0.1:443']
  t.strictSame(
    sortedServices(...far.map(where => `tcp ${where}`)),
    real.map(where => `tcp ${where}`),
    'addresses far apart, as the real one showed them',
  )
  t.strictSame(sortedServices(), [])
  const mixed =
    'udp 10.0.0.1:9,tcp 10.0.0.1:1,tcp 127.0.0.1:0,tcp 200.0.0.1:9,sctp 10.0.0.1:9,fwm 4000000000,fwm 3000000000,' +
    'fwm 2147483648,fwm 1,fwm 7,fwm 4294967295,fwm 2147483647'
  const mixedSorted =
    'fwm 3000000000,fwm 4000000000,fwm 4294967295,tcp 200.0.0.1:9,tcp 10.0.0.1:1,tcp 127.0.0.1:0,udp 10.0.0.1:9,' +
    'sctp 10.0.0.1:9,fwm 1,fwm 7,fwm 2147483647,fwm 2147483648'
  t.equal(sortedServices(...mixed.split(',')).join(), mixedSorted, 'marks, as the real one showed them')
})

t.test('real servers are sorted in the same way', async t => {
  const kernel = ['10.0.0.9:80', '10.0.0.100:80', '192.168.0.1:1', '192.168.0.1:256', '100.0.0.1:80', '200.0.0.1:80']
  const real = ['100.0.0.1:80', '192.168.0.1:1', '192.168.0.1:256', '200.0.0.1:80', '10.0.0.9:80', '10.0.0.100:80']
  const [sorted] = sortServices([service('tcp 10.0.0.1:80', kernel)])
  t.strictSame(
    sorted?.destinations.map(dest => `${dest.address}:${dest.port}`),
    real,
  )
})

t.test('--nosort keeps the order of the director', async t => {
  const control = new FakeControl()
  control.services = [service('udp 10.0.0.1:53'), service('tcp 10.0.0.1:80', ['10.0.0.9:80', '10.0.0.2:80'])]
  const { out } = await uvsadm(['-Ln', '--nosort', '--sort'], control)
  t.strictSame(out.split('\n').slice(3, -1), [
    'UDP  10.0.0.1:53 wlc',
    'TCP  10.0.0.1:80 wlc',
    '  -> 10.0.0.9:80                  Masq    1      0          0         ',
    '  -> 10.0.0.2:80                  Masq    1      0          0         ',
  ])
})

t.test('one service has no title line, and a missing one gives status 1', async t => {
  const control = new FakeControl()
  control.services = [service('udp 10.0.0.1:53'), service('tcp 10.0.0.1:80')]
  t.equal((await uvsadm(['-Ln', '-u', '10.0.0.1:53'], control)).out.match(/\n/g)?.length, 3)
  for (const extra of [[], ['--stats']])
    t.strictSame(await uvsadm(['-Ln', '-t', '10.0.0.1:81', ...extra], control), {
      status: 1,
      out: '',
      err: 'No such service\n',
    })
})

t.test('without -n, names are shown, and cut off at 28 characters', async t => {
  const hosts = {
    '10.0.0.1': 'short',
    '10.0.0.2': 'a-very-long-host-name.example.com',
    '10.0.0.5': 'exactly28charswith.ports.nn',
  }
  const control = new FakeControl()
  control.services = [
    service('tcp 10.0.0.1:80', ['10.0.0.1:80', '10.0.0.2:80', '10.0.0.5:80']),
    service('tcp 10.0.0.2:81'),
  ]
  const { out } = await uvsadm(['-L'], control, fakeNames(hosts))
  const real = `TCP  short:http wlc
  -> short:http                   Masq    1      0          0         
  -> a-very-long-host-name.exampl Masq    1      0          0         
  -> exactly28charswith.ports.nn: Masq    1      0          0         
TCP  a-very-long-host-name.exampl wlc
`
  t.equal(out.split('\n').slice(3).join('\n'), real)
  const stats = await uvsadm(['-L', '--stats'], control, fakeNames(hosts))
  t.match(stats.out, '  -> a-very-long-host-name.exampl        0        0        0        0        0\n')
})

t.test('a service of a mark: its number signed, its real servers’ ports without names', async t => {
  const control = new FakeControl()
  control.services = [service('fwm 4294967295'), service('fwm 7', ['10.0.0.9:53', '10.0.0.1:80'])]
  const names = fakeNames({ '10.0.0.1': 'web' })
  const { out } = await uvsadm(['-L'], control, names)
  t.strictSame(out.split('\n').slice(3, -1), [
    'FWM  -1 wlc',
    'FWM  7 wlc',
    '  -> web:80                       Masq    1      0          0         ',
    '  -> 10.0.0.9:53                  Masq    1      0          0         ',
  ])
  t.strictSame((await uvsadm(['-Ln', '--stats', '-f', '4294967295'], control)).out.split('\n').slice(2, -1), [
    'FWM  -1                                  0        0        0        0        0',
  ])
})

t.test('flags of a service, each as the real one showed them', async t => {
  const lines: [string, string][] = [
    ['-A -t 10.0.0.1:80 -s sh -b sh-port,flag-3', 'TCP  10.0.0.1:80 sh (sh-port)'],
    ['-A -t 10.0.0.1:81 -s sh -b flag-1,flag-2,flag-3', 'TCP  10.0.0.1:81 sh (sh-fallback,sh-port)'],
    ['-A -t 10.0.0.1:82 -s mh -b flag-3', 'TCP  10.0.0.1:82 mh ()'],
    ['-A -t 10.0.0.1:83 -b flag-2,flag-3', 'TCP  10.0.0.1:83 wlc (flag-2,flag-3)'],
    ['-A -t 10.0.0.1:84 -M 255.255.255.0', 'TCP  10.0.0.1:84 wlc'],
    ['-A -t 10.0.0.1:85 -p -M 255.255.255', 'TCP  10.0.0.1:85 wlc persistent 360 mask 255.255.0.255'],
    ['-A -t 10.0.0.1:86 -p 1 -M 0xffffffff', 'TCP  10.0.0.1:86 wlc persistent 1'],
    ['-A -f 16 -s sh -b sh-port -p 100 -M 255.0.0.0 -o', 'FWM  16 sh (sh-port) persistent 100 mask 255.0.0.0 ops'],
  ]
  const control = new FakeControl()
  for (const [line] of lines) t.equal((await uvsadm(line.split(' '), control)).err, '', line)
  const shown = (await uvsadm(['-Ln'], control)).out.split('\n').slice(3, -1)
  t.strictSame(
    shown,
    lines.map(([, wanted]) => wanted),
  )
  t.equal((await uvsadm('-E -f 16 -p'.split(' '), control)).status, 0)
  t.match((await uvsadm(['-Ln', '-f', '16'], control)).out, '\nFWM  16 wlc persistent 360\n', '-E resets the rest')
})

t.test('FULLNAT: methods, local addresses, how the client is told', async t => {
  const control = new FakeControl()
  const lines = `-A -t 10.0.0.1:80 -s rr --toa
-A -t 10.0.0.1:81 --proxy-protocol v1 -p
-A -f 7 -o --proxy-protocol v2
-A -u 10.0.0.1:80
-a -t 10.0.0.1:80 -r 10.0.0.2:8080 -b
-a -t 10.0.0.1:80 -r 10.0.0.3:8080
-a -t 10.0.0.1:80 -r 10.0.0.4:8080 -i --tun-type gue --tun-port 65535 --tun-remcsum
--add-laddr -t 10.0.0.1:80 -z 10.0.0.11
--add-laddr -t 10.0.0.1:80 -z 10.0.0.10
--add-laddr -u 10.0.0.1:80 -z 10.0.0.10
--add-laddr -f 7 -z 10.0.0.12`
  for (const line of lines.split('\n')) t.equal((await uvsadm(line.split(' '), control)).err, '', line)
  t.equal(
    (await uvsadm(['-Ln', '--tun-info'], control)).out.split('\n').slice(1).join('\n'),
    `Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn
TCP  10.0.0.1:80 rr toa
  -> 10.0.0.2:8080                FullNat n/a           1      0          0         
  -> 10.0.0.3:80                  Route   n/a           1      0          0         
  -> 10.0.0.4:80                  Tunnel  gue:65535:r+c 1      0          0         
TCP  10.0.0.1:81 wlc persistent 360 proxy-protocol v1
UDP  10.0.0.1:80 wlc
FWM  7 wlc ops proxy-protocol v2
`,
  )
  t.match(
    (await uvsadm(['-Ln'], control)).out,
    '  -> 10.0.0.2:8080                FullNat 1      0          0         \n',
  )
  const localAddresses = `Prot VirtualAddress:Port          LocalAddress
TCP  10.0.0.1:http                10.0.0.11
TCP  10.0.0.1:http                10.0.0.10
UDP  10.0.0.1:80                  10.0.0.10
FWM  7                            10.0.0.12
`
  t.equal((await uvsadm(['--get-laddr'], control, fakeNames())).out, localAddresses)
  t.equal((await uvsadm(['--get-laddr', '-n'], control)).out, localAddresses.replaceAll(':http', ':80  '))
  t.equal((await uvsadm('--del-laddr -t 10.0.0.1:80 -z 10.0.0.11'.split(' '), control)).status, 0)
  t.equal(
    (await uvsadm('--get-laddr -t 10.0.0.1:80'.split(' '), control)).out,
    'Prot VirtualAddress:Port          LocalAddress\nTCP  10.0.0.1:http                10.0.0.10\n',
  )
  const refused: [string, string][] = [
    ['--del-laddr -t 10.0.0.1:80 -z 10.0.0.11', 'No such local address\n'],
    ['--add-laddr -t 10.0.0.1:80 -z 10.0.0.10', 'Local address already exists\n'],
    ['--add-laddr -t 10.0.0.9:80 -z 10.0.0.10', 'Service not defined\n'],
  ]
  for (const [line, err] of refused)
    t.strictSame(await uvsadm(line.split(' '), control), { status: 255, out: '', err }, line)
  t.equal((await uvsadm('-E -t 10.0.0.1:80 -s rr'.split(' '), control)).status, 0)
  t.match((await uvsadm(['-Ln'], control)).out, '\nTCP  10.0.0.1:80 rr\n', '-E resets it')
})

t.test(
  'of more than one kind of listing the first counts: --stats, --rate, --thresholds, --persistent-conn',
  async t => {
    const control = new FakeControl()
    control.services = [service('udp 10.0.0.1:0', ['10.0.0.3:7'])]
    Object.assign(control.services[0]?.destinations[0] ?? {}, {
      upperThreshold: 2147483647,
      lowerThreshold: 12,
      persistConns: 3,
      activeConns: 4,
      inactConns: 5,
      rates: { cps: 1, inPps: 2, outPps: 3, inBps: 4, outBps: 5 },
    })
    const listed = async (...kinds: string[]): Promise<string> =>
      (await uvsadm(['-L', '-u', '10.0.0.1:0', ...kinds], control, fakeNames())).out.replace(/^.*\n.*\n.*\n/, '')
    const wanted = {
      stats: '  -> 10.0.0.3:7                          0        0        0        0        0\n',
      rate: '  -> 10.0.0.3:7                          1        2        3        4        5\n',
      thresholds: '  -> 10.0.0.3:7                   2147483647 12         4          5         \n',
      persistent: '  -> 10.0.0.3:7                   1         3           4          5         \n',
    }
    t.equal(await listed('--persistent-conn', '--thresholds', '--rate', '--stats'), wanted.stats)
    t.equal(await listed('--tun-info', '--persistent-conn', '--thresholds', '--rate'), wanted.rate)
    t.equal(await listed('--persistent-conn', '--thresholds', '--exact'), wanted.thresholds)
    t.equal(await listed('--persistent-conn', '--nosort'), wanted.persistent)
  },
)

t.test('templates, those of marks too, as the real one showed them', async t => {
  const control = new FakeControl()
  control.connections = [
    connection('tcp', 99, 'NONE', '10.1.1.1:0', '10.1.1.1:0', '10.1.1.2:0'),
    connection('ip', 599, 'NONE', '10.1.1.1:0', '0.0.0.7:0', '10.1.1.2:0'),
    connection('tcp', 9, 'CLOSE', '10.1.1.1:42852', '10.1.1.1:8080', '10.1.1.2:8080'),
    connection('ip', 599, 'NONE', '10.1.0.0:0', '255.255.255.255:0', '10.1.1.2:0'),
  ]
  const rows = `TCP 01:39  NONE        10.1.1.1:0         10.1.1.1:0         10.1.1.2:0
IP  09:59  NONE        10.1.1.1:0         0.0.0.7:0          10.1.1.2:0
TCP 00:09  CLOSE       10.1.1.1:42852     10.1.1.1:8080      10.1.1.2:8080
IP  09:59  NONE        10.1.0.0:0         255.255.255.255:0  10.1.1.2:0
`
  const head = 'pro expire state       source             virtual            destination'
  t.equal((await uvsadm(['-Lcn'], control)).out, `IPVS connection entries\n${head}\n${rows}`)
  const { out } = await uvsadm(['-Lc', '--persistent-conn'], control, fakeNames())
  const wanted = `${head}        pe name          pe_data\n${rows.replaceAll(':8080  ', ':http-alt  ').replace(':8080\n', ':http-alt\n')}`
  t.equal(out.replaceAll(/ +/g, ' '), `IPVS connection entries\n${wanted}`.replaceAll(/ +/g, ' '))
})

t.test('-Lc of a FULLNAT connection ends in its local address and port; nothing else changes', async t => {
  const control = new FakeControl()
  const nat = connection('tcp', 59, 'SYN_RECV', '10.0.0.3:51032', '10.0.0.5:80', '10.0.9.9:8080')
  control.connections = [nat, { ...nat, laddr: '10.0.9.1', lport: 8080 }]
  const row = 'TCP 00:59  SYN_RECV    10.0.0.3:51032     10.0.0.5:80        10.0.9.9:8080'
  t.strictSame((await uvsadm(['-Lnc'], control)).out.split('\n').slice(2, -1), [row, `${row} via 10.0.9.1:8080`])
  const { out } = await uvsadm(['-Lc'], control, fakeNames({ '10.0.9.1': 'lip' }))
  t.ok(out.endsWith(' 10.0.9.9:http-alt via lip:http-alt\n'), 'with names, they are there too')
})

t.test('rows of -Lc widen, up to 59 characters a name', async t => {
  const long = 'abcdefghijklmnopqrstuvwxyz.abcdefghijklmnopqrstuvwxyz.abcdefghijklmnopqrstuvwxyz.example.com'
  const control = new FakeControl()
  control.connections = [
    connection('tcp', 59, 'SYN_RECV', '10.0.0.3:51032', '10.0.0.5:23456', '10.0.9.9:8080'),
    connection('sctp', 6000, 'ESTABLISHED', '10.0.0.3:51032', '10.0.0.5:23456', '10.0.9.9:8080'),
  ]
  const names = fakeNames({ '10.0.0.3': long, '10.0.0.5': 'exactly28charswith.ports.nn' })
  t.strictSame((await uvsadm(['-Lc'], control, names)).out.split('\n').slice(2, -1), [
    `TCP 00:59  SYN_RECV    ${long.slice(0, 59)} exactly28charswith.ports.nn:23456 10.0.9.9:http-alt`,
    `SCTP 100:00  ESTABLISHED ${long.slice(0, 59)} exactly28charswith.ports.nn:23456 10.0.9.9:8080`,
  ])
})

t.test('totals are shortened from 10^8 on', async t => {
  const cases: [number, string][] = [
    [0, '0'],
    [99999999, '99999999'],
    [100000000, '100000K'],
    [652546091, '652546K'],
    [999999999, '999999K'],
    [1e9, '1000M'],
    [99999999999, '99999M'],
    [1e11, '100G'],
    [99999999999999, '99999G'],
    [1e14, '100T'],
    [123456789e9, '123456T'],
  ]
  for (const [number, wanted] of cases) t.equal(shorten(number), wanted, String(number))
})

t.test('--rate shortens a service’s rates and the octets of its real servers, --exact none', async t => {
  const control = new FakeControl()
  control.services = [service('tcp 10.0.0.1:80', ['10.0.0.3:80'])]
  const rates = { cps: 123456789, inPps: 99999999, outPps: 2345678901, inBps: 123456789012, outBps: 123456789012345 }
  for (const each of [control.services[0]!, control.services[0]!.destinations[0]!]) each.rates = rates
  const rows = async (...more: string[]): Promise<string[]> =>
    (await uvsadm(['-Ln', '--rate', '-t', '10.0.0.1:80', ...more], control)).out.split('\n').slice(2, -1)
  t.strictSame(await rows(), [
    'TCP  10.0.0.1:80                   123456K 99999999    2345M     123G     123T',
    '  -> 10.0.0.3:80                  123456789 99999999 2345678901     123G     123T',
  ])
  const exact = '123456789 99999999 2345678901 123456789012 123456789012345'
  t.strictSame(await rows('--exact'), [
    `TCP  10.0.0.1:80                  ${exact}`,
    `  -> 10.0.0.3:80                  ${exact}`,
  ])
})
