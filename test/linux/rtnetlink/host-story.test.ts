import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import * as fc from '../../support/properties.js'
import t from 'tap'
import { until } from '../../../netns-lab/proc.js'
import { effectiveRoutes, type EffectiveRoute } from '../../../src/linux/rtnetlink/effective-routes.js'
import { HostNetwork } from '../../../src/linux/rtnetlink/host-network.js'
import { formatIpv4, parseIpv4 } from '../../../src/wire/addr.js'
import { ownNetwork } from '../own-network.js'
import { linesOfIp } from './ip-says.js'
import { compared } from './words.js'

/* Whatever befalls a host: what was followed is what ip(8) tells, and routes lead where the kernel says (`ip route get`). */

const skip = ownNetwork()

/** What ip(8) wrote; commands that the kernel refuses are left out. */
function force(lines: readonly string[]): string {
  return spawnSync('ip', ['-o', '-force', '-batch', '-'], { input: lines.join('\n'), encoding: 'utf8' }).stdout
}

/** Blocks that are routed to the host itself, to the local table unless told: no gateway is in them. */
const LOCAL_BLOCKS = ['10.5.0.0/16', '10.5.1.0/24', '10.5.1.7/32', '10.0.1.128/25']

const FROM_THE_START = [
  ...['va', 'vc', 'vz'].map(name => `link del ${name}`),
  'addr flush dev lo scope global',
  ...['main', 'default', '100'].map(table => `route flush table ${table}`),
  ...LOCAL_BLOCKS.map(block => `route del local ${block} dev lo`),
  'nexthop flush',
  'rule flush',
  'rule add pref 32766 lookup main',
  'rule add pref 32767 lookup default',
  'link set lo up',
  'link add va type veth peer name vb',
  'link add vc type veth peer name vd',
  ...['va', 'vb', 'vc', 'vd'].map(name => `link set ${name} up`),
  'addr add 10.0.0.1/24 brd + dev va',
  'addr add 10.0.1.1/24 brd + dev vc',
]

const DESTINATIONS = (
  '10.0.0.1 10.0.0.2 10.0.0.9 10.0.0.255 10.0.1.1 10.0.1.9 10.0.1.200 10.0.1.255 ' +
  '10.5.1.7 10.5.1.8 10.5.2.1 10.6.0.1 10.7.0.1 8.8.8.8 127.0.0.9 192.0.2.1'
).split(' ')

const link = fc.constantFrom('va', 'vc', 'vz', 'lo')
const state = fc.constantFrom('up', 'down')
// No gateway becomes the host's own: the kernel goes by what it was when the route was made.
const addr = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('10.0.0.1/24', '10.0.0.2/24', '10.0.1.1/24', '10.0.1.8/25', '192.0.2.1/24'),
      fc.constantFrom('va', 'vc', 'vz'),
    )
    .map(each => each.join(' dev ')),
  fc.constant('10.6.0.1/32 dev lo'),
)
const to = fc.constantFrom('default', '10.5.0.0/16', '10.5.1.0/24', '10.5.1.7/32', '10.0.0.0/16', '10.0.1.128/25')
const gateway = fc.constantFrom('10.0.0.9', '10.0.0.10', '10.0.1.9', '10.0.1.10')
const where = fc.oneof(
  gateway.map(each => ['', `via ${each}`]),
  gateway.map(each => ['', `via ${each} mtu 1280`]),
  fc.tuple(gateway, gateway).map(([a, b]) => ['', `nexthop via ${a} weight 2 nexthop via ${b}`]),
  link.map(each => ['', `dev ${each}`]),
  fc
    .constantFrom('blackhole', 'unreachable', 'prohibit', 'throw', 'local')
    .map(type => [type, type === 'local' ? 'dev lo' : '']),
)
const route = fc
  .tuple(fc.constantFrom('add', 'append', 'prepend', 'replace', 'change', 'del'), where, to, fc.constantFrom(0, 1, 2))
  .chain(([verb, [type, leads], block, metric]) =>
    fc
      .constantFrom('', 'table 100', 'table default', 'tos 0x10', 'src 10.0.0.2')
      .map(
        more =>
          `route ${verb} ${type} ${type === 'local' && !LOCAL_BLOCKS.includes(block) ? LOCAL_BLOCKS[0] : block} ${metric > 0 ? `metric ${metric}` : ''} ${more} ${leads}`,
      ),
  )
const command = fc.oneof(
  { weight: 6, arbitrary: route },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom('add', 'del'), addr).map(each => `addr ${each.join(' ')}`),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom('va', 'vb', 'vc', 'vd'), state).map(each => `link set ${each.join(' ')}`),
  },
  fc.tuple(link, fc.constantFrom(1400, 9000)).map(([name, mtu]) => `link set ${name} mtu ${mtu}`),
  fc
    .tuple(fc.constantFrom('va', 'vz'), fc.constantFrom('va', 'vz'))
    .map(([from, name]) => `link set ${from} name ${name}`),
  fc.constantFrom('link del vc', 'link add vc type veth peer name vd', 'link set vc up', 'link set vd up'),
  fc
    .tuple(fc.constantFrom('add', 'del'), fc.constantFrom(10, 33_000))
    .map(([verb, pref]) => `rule ${verb} pref ${pref} lookup 100`),
  fc
    .tuple(fc.constantFrom('add', 'replace', 'del'), gateway)
    .map(([verb, via]) => `nexthop ${verb} id 1 via ${via} dev va`),
  fc.constantFrom('route add 10.7.0.0/16 nhid 1', 'route replace 10.7.0.0/16 nhid 1'),
)

/** Of the words of `ip route get`: type, destination, gateway, link. */
function nameOf([, type, , via, dev]: RegExpExecArray): string {
  if (type === 'local') return 'local'
  if (type === 'broadcast') return `broadcast ${dev}`
  return via === undefined ? dev! : `${via} ${dev}`
}

/** For each destination what the kernel does: 'local', 'broadcast LINK', 'GATEWAY LINK', 'LINK'; 'refused' where it has no route. */
function kernelSays(): Map<string, string> {
  const found = new Map(DESTINATIONS.map(dst => [dst, 'refused']))
  for (const line of force(DESTINATIONS.map(dst => `route get ${dst}`)).split('\n')) {
    const match = /^(?:(local|broadcast) )?(\S+) (?:via (\S+) )?dev (\S+)/.exec(line)
    if (match) found.set(match[2]!, nameOf(match))
  }
  return found
}

/** The same of our routes; of several next hops the kernel may take any. */
function weSay(routes: readonly EffectiveRoute[], dst: string): string[] {
  const addr = parseIpv4(dst)!
  const found = routes.find(({ to: block }) => (addr & block.mask) === (block.addr & block.mask))
  if (found?.type === 'local') return ['local']
  if (found?.type === 'broadcast') return [`broadcast ${found.hops[0]?.linkName}`]
  if (found?.type !== 'unicast') return ['refused']
  return found.hops.map(({ gateway, linkName }) =>
    gateway === undefined ? linkName : `${formatIpv4(gateway)} ${linkName}`,
  )
}

t.test('a host with all that may befall it', { skip, timeout: 230_000 }, async t => {
  // As effectiveRoutes has it: links without carrier are not used.
  writeFileSync('/proc/sys/net/ipv4/conf/all/ignore_routes_with_linkdown', '1')
  const host = new HostNetwork()
  const tight = new HostNetwork({ room: 1 })
  t.teardown(() => host.close())
  t.teardown(() => tight.close())
  /** What is not as it should be, once the kernel has settled its carriers. */
  const wrong = async (): Promise<string | undefined> => {
    let what: string | undefined
    await until(() => {
      host.takeChanges()
      tight.takeChanges()
      const told = linesOfIp().join('\n')
      const routes = effectiveRoutes(host.snapshot)
      const silent = host.snapshot.links.filter(({ hasCarrier }) => !hasCarrier).map(({ name }) => name)
      const isOk = (says: string, ours: readonly string[]): boolean =>
        // The kernel does not know a broadcast address of a link without carrier; to uvs it is one still.
        ours.includes(says) || silent.some(name => ours.includes(`broadcast ${name}`))
      const led = [...kernelSays()].filter(([dst, says]) => !isOk(says, weSay(routes, dst)))
      what = undefined
      if (compared(host.snapshot).join('\n') !== told)
        what = `followed:\n${compared(host.snapshot).join('\n')}\ntold:\n${told}`
      else if (compared(tight.snapshot).join('\n') !== told) what = 'with losses it is not the same'
      else if (led.length > 0)
        what = led.map(([dst, says]) => `${dst}: ${says}, not ${weSay(routes, dst).join()}`).join('\n')
      return what === undefined
    }, 20_000)
    return what
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(command, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 }),
      async batches => {
        force(FROM_THE_START)
        for (const lines of batches) {
          force(lines)
          const what = await wrong()
          if (what !== undefined) throw new Error(what)
        }
      },
    ),
    { numRuns: 20, interruptAfterTimeLimit: 90_000, markInterruptAsFailure: false, endOnFailure: false },
  )
  t.ok(host.snapshot.links.length > 1)
})
