import t from 'tap'
import { shorten } from '../../../src/cli/uvsadm/format-services.js'
import { uvsadm } from '../../../src/cli/uvsadm/run.js'
import { sortServices } from '../../../src/cli/uvsadm/sort.js'
import type { ServiceInfo } from '../../../src/control/api.js'
import { connection, FakeControl, noStats } from '../../support/fake-control.js'
import { fakeNames } from '../../support/names.js'

function service(where: string, destinations: string[] = []): ServiceInfo {
  const [protocol = '', address = '', port = ''] = where.split(/[ :]/)
  return {
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
    address,
    port: Number(port),
    scheduler: 'wlc',
    stats: noStats,
    destinations: destinations.map(text => {
      const [at = '', port = ''] = text.split(':')
      return {
        address: at,
        port: Number(port),
        method: 'masq',
        weight: 1,
        activeConns: 0,
        inactConns: 0,
        stats: noStats,
      }
    }),
  }
}

function sortedServices(...where: string[]): string[] {
  return sortServices(where.map(text => service(text))).map(svc => `${svc.protocol} ${svc.address}:${svc.port}`)
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
