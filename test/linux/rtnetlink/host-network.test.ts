import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import t from 'tap'
import { until } from '../../../netns-lab/proc.js'
import { effectiveRoutes } from '../../../src/linux/rtnetlink/effective-routes.js'
import { HostNetwork } from '../../../src/linux/rtnetlink/host-network.js'
import { NetlinkSocket } from '../../../src/linux/rtnetlink/netlink-socket.js'
import { parseIpv4 } from '../../../src/wire/addr.js'
import { ip, ownNetwork } from '../own-network.js'
import { linesOfIp } from './ip-says.js'
import { compared, neighbourLine } from './words.js'

/* News that are followed, against what ip(8) tells, in a network namespace of its own. */

const skip = ownNetwork()

/** What is not the same; undefined if all is. A carrier takes the kernel a while. */
async function difference(host: HostNetwork): Promise<{ followed: string[]; told: string[] } | undefined> {
  let found
  await until(() => {
    host.takeChanges()
    const [followed, told] = [compared(host.snapshot), linesOfIp()]
    found = followed.join() === told.join() ? undefined : { followed, told }
    return found === undefined
  }, 20_000)
  return found
}

function batch(lines: readonly string[]): void {
  execFileSync('ip', ['-batch', '-'], { input: lines.join('\n') })
}

t.test('all that befalls links, addresses, routes and rules', { skip, timeout: 200_000 }, async t => {
  const host = new HostNetwork()
  t.teardown(() => host.close())
  t.equal(await difference(host), undefined, 'at first')
  const commands = [
    'link set lo up',
    'link add va type veth peer name vb',
    'link set vb up',
    'addr add 10.0.0.1/24 brd + dev va',
    'link set va up',
    'addr add 10.0.0.2/24 dev va label va:two',
    'addr add 10.0.1.1 peer 10.0.1.2/32 dev va',
    'addr add 10.9.9.9/32 dev lo',
    'route add local 10.64.0.0/10 dev lo',
    'route add default via 10.0.0.9 metric 5 mtu 1300',
    'route add default via 10.0.0.8 metric 7',
    'route append default via 10.0.0.10 metric 5',
    'route prepend default via 10.0.0.12 metric 5',
    'route replace default via 10.0.0.11 metric 5',
    'route change default via 10.0.0.13 metric 5 mtu 1200',
    'route del default via 10.0.0.10 metric 5',
    'route add 10.8.0.0/16 nexthop via 10.0.0.4 weight 3 nexthop via 10.0.0.5',
    'route add 10.7.0.0/16 via inet6 fe80::1 dev va',
    'route add blackhole 10.6.0.0/16',
    'route add unreachable 10.6.1.0/24 metric 7',
    'route add throw 10.6.3.0/24 table 1000',
    'route add 10.5.0.0/16 via 172.16.0.1 dev va onlink src 10.0.0.2 table 100 tos 0x10',
    'nexthop add id 4 via 10.0.0.7 dev va',
    'nexthop add id 6 group 4,3',
    'route add 10.9.0.0/16 nhid 6',
    'nexthop replace id 4 via 10.0.0.6 dev va',
    'nexthop del id 4',
    'rule add pref 300 fwmark 1/3 from 10.1.0.0/16 lookup 100',
    'rule add pref 299 lookup 1000',
    'rule add pref 100 sport 5-7 prohibit',
    'rule del pref 300',
    'link set va mtu 1400',
    'link set va address 02:00:00:00:00:0a',
    'link add bridge0 type bridge',
    'link set vb master bridge0',
    'link set bridge0 up',
    'link set vb nomaster',
    'link set vb down',
    'link set vb up',
    // The routes of a link that is down go without a word; before Linux 6.5 those from 10.0.0.2, too.
    'route add 10.4.0.0/16 via 10.0.0.9 src 10.0.0.2',
    'addr del 10.0.0.2/24 dev va',
    'link set va down',
    'link set va up',
    'route add default via 10.0.0.9',
    'addr del 10.0.0.1/24 dev va',
    'link set vb down',
    'route add 10.3.0.0/16 dev va',
    'link set va down',
    'link set va name vc',
    'link set vc up',
    'link set vb up',
    'link del vc',
    'link add vc type veth peer name vb',
    'link set vc up',
    'link del bridge0',
    'link set lo down',
  ]
  for (const command of commands) {
    const before = host.snapshot
    ip(command)
    t.equal(host.takeChanges(), true, `ip ${command}`)
    t.not(host.snapshot, before)
    t.equal(await difference(host), undefined, command)
  }
  t.equal(host.takeChanges(), false)
  t.equal(host.read(), false, 'nothing else is found by reading all')
})

t.test('next hop objects whose routes name nothing but their id', { skip, timeout: 230_000 }, async t => {
  writeFileSync('/proc/sys/net/ipv4/nexthop_compat_mode', '0')
  t.teardown(() => writeFileSync('/proc/sys/net/ipv4/nexthop_compat_mode', '1'))
  const host = new HostNetwork()
  t.teardown(() => host.close())
  const commands = [
    'link set lo up',
    'link add va type veth peer name vx',
    'link set vx up',
    'link set va up',
    'addr add 10.0.0.1/24 dev va',
    'nexthop add id 4 via 10.0.0.7 dev va',
    'nexthop add id 5 via 10.0.0.8 dev va',
    'nexthop add id 6 group 4,3/5',
    'nexthop add id 7 blackhole',
    'route add 10.9.0.0/16 nhid 6',
    'route add 10.8.0.0/16 nhid 7',
    'nexthop replace id 5 via 10.0.0.9 dev va',
    'nexthop del id 7',
    'link del va',
  ]
  for (const command of commands) {
    ip(command)
    t.equal(host.takeChanges(), true, `ip ${command}`)
    t.equal(await difference(host), undefined, command)
  }
})

t.test('neighbours, if they are asked for', { skip }, async t => {
  ip('link add va address 02:00:00:00:00:0a type veth peer name vx')
  t.teardown(() => ip('link del va'))
  ip('link set vx up')
  ip('link set va up')
  ip('addr add 10.0.0.1/24 dev va')
  ip('neigh add 10.0.0.8 lladdr 02:00:00:00:00:08 dev va nud stale')
  const host = new HostNetwork({ withNeighbours: true })
  const without = new HostNetwork()
  t.teardown(() => host.close())
  t.teardown(() => without.close())
  const index = host.snapshot.links.find(({ name }) => name === 'va')?.index
  const lines = (): string[] => host.snapshot.neighbours.map(neighbourLine).sort()
  t.strictSame(lines(), [`neigh 10.0.0.8 dev ${index} 02:00:00:00:00:08 stale`])
  ip('neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev va')
  t.equal(host.takeChanges(), true)
  t.strictSame(lines(), [
    `neigh 10.0.0.8 dev ${index} 02:00:00:00:00:08 stale`,
    `neigh 10.0.0.9 dev ${index} 02:00:00:00:00:09 permanent`,
  ])
  ip('neigh del 10.0.0.8 dev va')
  t.equal(host.takeChanges(), true)
  t.strictSame(lines(), [`neigh 10.0.0.9 dev ${index} 02:00:00:00:00:09 permanent`])
  ip('neigh add proxy 10.0.0.77 dev va')
  t.equal(host.read(), false, 'what the host answers for is no neighbour')
  t.equal(without.takeChanges(), false, 'others are not told of them')
  t.strictSame(without.snapshot.neighbours, [])
})

t.test('more news than there is room for', { skip, timeout: 200_000 }, async t => {
  ip('link add va type veth peer name vx')
  t.teardown(() => ip('link del va'))
  ip('link set va up')
  // 2304 octets are the least that Linux gives: two or three of the news.
  const host = new HostNetwork({ room: 1 })
  const roomy = new HostNetwork()
  t.teardown(() => host.close())
  t.teardown(() => roomy.close())
  const addresses = Array.from({ length: 2000 }, (_, i) => `10.1.${i >> 8}.${i & 255}/16 dev va`)
  batch(addresses.map(address => `addr add ${address}`))
  t.equal(host.takeChanges(), true)
  t.equal(host.snapshot.addresses.filter(({ prefix }) => prefix === 16).length, 2000, 'all were added')
  t.strictSame(compared(host.snapshot), linesOfIp())
  // The last first: with the first one all of its network would go.
  batch(addresses.reverse().map(address => `addr del ${address}`))
  batch(['addr add 10.0.0.1/24 dev va', 'link set va mtu 1280', 'route add 10.2.0.0/16 via 10.0.0.9'])
  t.equal(host.takeChanges(), true)
  t.strictSame(compared(host.snapshot), linesOfIp())
  t.equal(await difference(roomy), undefined, 'and where there is room')
})

t.test('a gateway that is the host itself', { skip }, async t => {
  ip('link add va type veth peer name vx')
  t.teardown(() => ip('link del va'))
  batch(['link set vx up', 'link set va up', 'addr add 10.0.0.1/24 dev va', 'route add 10.8.0.0/16 via 10.0.0.1'])
  const host = new HostNetwork()
  t.teardown(() => host.close())
  t.match(ip('route get 10.8.1.1'), /^10\.8\.1\.1 dev va /, 'the kernel goes without it')
  const found = effectiveRoutes(host.snapshot).find(({ to }) => to.addr === parseIpv4('10.8.0.0'))
  t.match(found?.hops, [{ linkName: 'va', gateway: undefined }])
})

t.test('what did not change stays the same object', { skip }, async t => {
  const host = new HostNetwork()
  t.teardown(() => host.close())
  ip('link set lo up')
  host.takeChanges()
  const before = host.snapshot
  t.equal(host.snapshot, before)
  t.equal(host.read(), false)
  t.equal(host.snapshot, before)
  ip('addr add 10.0.0.1/32 dev lo')
  t.equal(host.takeChanges(), true)
  const after = host.snapshot
  t.equal(after.links, before.links)
  t.equal(after.rules, before.rules)
  t.not(after.routes, before.routes)
  for (const route of before.routes) t.ok(after.routes.includes(route))
  for (const address of before.addresses) t.ok(after.addresses.includes(address))
  ip('addr del 10.0.0.1/32 dev lo')
})

t.test('groups of news', { skip }, async t => {
  const socket = new NetlinkSocket(false)
  t.teardown(() => socket.close())
  t.doesNotThrow(() => socket.join(1))
  const message = "rtnetlink's group 9999: invalid argument (EINVAL)"
  t.throws(() => socket.join(9999), { message })
  t.doesNotThrow(() => socket.join(9999, true))
})

t.test('closed', { skip }, async t => {
  const host = new HostNetwork()
  t.ok(host.fd > 2)
  host.close()
  t.throws(() => host.takeChanges(), { name: 'SystemError', message: 'reading rtnetlink: bad file descriptor (EBADF)' })
})
