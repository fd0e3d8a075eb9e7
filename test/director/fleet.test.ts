/* A connection that the router moves from one director of a fleet to another (docs/fleet.md). */
import t, { type Test } from 'tap'
import type { MethodName } from '../../src/control/protocol/api.js'
import { BenchDirector, fromClient, fromServer, serverMac, VIP } from '../support/bench-director.js'
import { tcp4 } from '../support/frames.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

const SERVICE = { protocol: 'tcp', address: VIP, port: 80 } as const
const SERVERS = ['11', '12', '13', '14']
const LIPS = ['10.99.2.201', '10.99.2.202']
const CLIENT = '10.99.1.10:40000'

/** Two of a fleet; they got the same rules in opposite orders. */
function fleet(method: MethodName, isOfFleet = true): [BenchDirector, BenchDirector] {
  return [SERVERS, SERVERS.toReversed()].map((servers, which) => {
    const director = new BenchDirector({ isOfFleet, seed: which })
    director.must({ op: 'add-service', service: SERVICE, settings: serviceSettings('mh') })
    for (const server of servers)
      director.must({
        op: 'add-destination',
        service: SERVICE,
        destination: { address: `10.99.2.${server}`, port: 80 },
        settings: { ...destinationSettings(1), method },
      })
    if (method === 'fullnat') director.must({ op: 'add-local-address', service: SERVICE, address: LIPS[which]! })
    director.poll()
    director.take()
    return director
  }) as [BenchDirector, BenchDirector]
}
const fromClientWith = (flags: string): Uint8Array => tcp4(`${CLIENT} > ${VIP}:80`, { flags, ...fromClient })
/** The server's last number to which a frame went, by its MAC. */
function sentTo(t: Test, director: BenchDirector, flags: string): string {
  t.equal(director.receive('c', fromClientWith(flags)), 'balanced', flags)
  const [sent] = director.take()
  t.equal(sent?.link, 'r')
  const mac = [...(sent?.frame.slice(0, 6) ?? [])].map(octet => octet.toString(16).padStart(2, '0')).join(':')
  return SERVERS.find(server => serverMac(Number(server)) === mac) ?? mac
}

for (const method of ['direct', 'tunnel', 'masq'] as const)
  t.test(`${method}: the next packet goes to the same server by the other director`, async t => {
    const [from, to] = fleet(method)
    const server = sentTo(t, from, 'S')
    t.equal(sentTo(t, from, 'A'), server)
    t.equal(sentTo(t, to, 'A'), server, 'moved')
    t.equal(sentTo(t, to, 'PA'), server)
    t.equal(to.director.conns.table.count, 1)
  })

for (const method of ['direct', 'tunnel'] as const)
  t.test(`${method}: a client’s port that is used again is chosen for by the rules as they are now`, async t => {
    const [knows, knowsNot] = fleet(method)
    const server = sentTo(t, knows, 'S')
    for (const flags of ['A', 'FA']) t.equal(sentTo(t, knows, flags), server)
    for (const director of [knows, knowsNot])
      director.must({
        op: 'edit-destination',
        service: SERVICE,
        destination: { address: `10.99.2.${server}`, port: 80 },
        settings: { ...destinationSettings(0), method },
      })
    const now = sentTo(t, knows, 'S')
    t.not(now, server, 'it was in FIN_WAIT, which the kernel’s conn_reuse_mode 1 leaves where it is')
    t.equal(sentTo(t, knowsNot, 'A'), now, 'so that it can move')
  })

t.test(
  'NAT: an answer by the director that it moved to is translated; by one without the connection it is lost',
  async t => {
    const [from, to] = fleet('masq')
    const server = sentTo(t, from, 'S')
    const answer = (): Uint8Array =>
      tcp4(`10.99.2.${server}:80 > ${CLIENT}`, { flags: 'A', ...fromServer(Number(server)) })
    t.not(to.receive('r', answer()), 'balanced')
    to.take()
    sentTo(t, to, 'A')
    t.equal(to.receive('r', answer()), 'balanced')
    const [sent] = to.take()
    t.equal(sent?.link, 'c')
  },
)

/** Whom the server sees. */
const source = (director: BenchDirector): string => {
  director.receive('c', fromClientWith('A'))
  return director.take()[0]!.frame.slice(26, 30).join('.')
}

t.test('FULLNAT: another local address, for which the server has no connection', async t => {
  const [from, to] = fleet('fullnat')
  sentTo(t, from, 'S')
  from.take()
  t.equal(source(from), LIPS[0])
  t.equal(source(to), LIPS[1])
})

t.test('without sloppy_tcp the moved client is reset', async t => {
  const [, to] = fleet('direct')
  to.must({ op: 'set-sysctl', name: 'sloppy_tcp', value: '0' })
  t.equal(to.receive('c', fromClientWith('A')), 'answered')
  t.match(to.out(), [/^c 10.99.1.100:80 > 10.99.1.10:40000 tcp R /])
  to.must({ op: 'reset' })
  const { sysctls } = to.director
  t.match(sysctls, { sloppyTcp: 1, sloppySctp: 1, connReuseMode: 3 }, 'a reset leaves a fleet’s own')
  t.match(new BenchDirector().director.sysctls, { sloppyTcp: 0, sloppySctp: 0, connReuseMode: 1 }, 'one alone is as the kernel') // prettier-ignore
})
