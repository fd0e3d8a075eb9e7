import * as fc from '../../support/properties.js'
import t from 'tap'
import { Attributes } from '../../../src/linux/rtnetlink/attributes.js'
import { HostTables } from '../../../src/linux/rtnetlink/host-tables.js'
import {
  added,
  ADDRESSES,
  LINKS,
  NEIGHBOURS,
  NEXT_HOPS,
  removed,
  ROUTES,
  RULES,
  type Kind,
} from '../../../src/linux/rtnetlink/kinds.js'
import { MessageReader } from '../../../src/linux/rtnetlink/message.js'
import { formatRule } from '../../../src/linux/rtnetlink/rule.js'
import { newsOf, recorded } from './recorded.js'
import { addressLine, linesOf, linkLine, neighbourLine, nextHopLine, routeLine } from './words.js'

/* What a kernel said (recorded.json), read. */

/** '+ LINE' for what there is from now on, '- LINE' for what there is no more, '?' for what is none of ours. */
function readLines(view: DataView): string[] {
  const reader = new MessageReader().wrap(view, view.byteLength)
  const lines: string[] = []
  while (reader.next()) lines.push(lineOf(reader, view))
  return lines
}

function lineOf({ type, body, end }: MessageReader, view: DataView): string {
  const read = <T>(kind: Kind<T>, line: (value: T) => string): string | undefined => {
    if (type !== added(kind) && type !== removed(kind)) return undefined
    const value = kind.read(view, body, end, new Attributes())
    return value === undefined ? '?' : `${type === added(kind) ? '+' : '-'} ${line(value)}`
  }
  return (
    read(LINKS, linkLine) ??
    read(ADDRESSES, addressLine) ??
    read(ROUTES, routeLine) ??
    read(RULES, formatRule) ??
    read(NEXT_HOPS, nextHopLine) ??
    read(NEIGHBOURS, neighbourLine) ??
    '?'
  )
}

const va = 'link 30 va 02:00:00:00:00:0a'
const vb = 'link 31 vb 02:00:00:00:00:0b mtu 1500 up carrier'
const EXPECTED: Record<string, string[]> = {
  'link set lo up': [
    '+ link 1 lo 00:00:00:00:00:00 mtu 65536 up carrier loopback',
    '+ addr 127.0.0.1/8 dev 1 scope 254 label lo',
    '+ route 255 127.0.0.1/32 local scope 254 src 127.0.0.1 > dev 1 weight 1',
    '+ route 255 127.0.0.0/8 local scope 254 src 127.0.0.1 > dev 1 weight 1',
    '+ route 255 127.255.255.255/32 broadcast scope 253 src 127.0.0.1 > dev 1 weight 1',
  ],
  'link set va mtu 1400': [`+ ${va} mtu 1400 up carrier veth`],
  'addr add 10.0.0.1/24 brd + dev va': [
    '+ addr 10.0.0.1/24 dev 30 brd 10.0.0.255 scope 0 label va',
    '+ route 255 10.0.0.1/32 local scope 254 src 10.0.0.1 > dev 30 weight 1',
    '+ route 255 10.0.0.255/32 broadcast scope 253 src 10.0.0.1 > dev 30 weight 1',
    '+ route 254 10.0.0.0/24 unicast scope 253 src 10.0.0.1 > dev 30 weight 1',
  ],
  'addr add 10.0.0.2/24 dev va label va:second': [
    '+ addr 10.0.0.2/24 dev 30 scope 0 secondary label va:second',
    '+ route 255 10.0.0.2/32 local scope 254 src 10.0.0.1 > dev 30 weight 1',
  ],
  'addr add 10.0.1.1 peer 10.0.1.2/32 dev va': [
    '+ addr 10.0.1.1/32 dev 30 peer 10.0.1.2 scope 0 label va',
    '+ route 255 10.0.1.1/32 local scope 254 src 10.0.1.1 > dev 30 weight 1',
    '+ route 254 10.0.1.2/32 unicast scope 253 src 10.0.1.1 > dev 30 weight 1',
  ],
  'route add local 10.64.0.0/10 dev lo': ['+ route 255 10.64.0.0/10 local scope 254 > dev 1 weight 1'],
  'route add default via 10.0.0.9 metric 5 mtu 1300': [
    '+ route 254 0.0.0.0/0 unicast scope 0 metric 5 mtu 1300 > via 10.0.0.9 dev 30 weight 1',
  ],
  'route add 10.8.0.0/16 nexthop via 10.0.0.4 weight 3 nexthop via 10.0.0.5': [
    '+ route 254 10.8.0.0/16 unicast scope 0 > via 10.0.0.4 dev 30 weight 3 > via 10.0.0.5 dev 30 weight 1',
  ],
  'route add 10.7.0.0/16 via inet6 fe80::1 dev va': [
    '+ route 254 10.7.0.0/16 unicast scope 0 > via-ipv6 dev 30 weight 1',
  ],
  'route add blackhole 10.6.0.0/16': ['+ route 254 10.6.0.0/16 blackhole scope 0'],
  'route add unreachable 10.6.1.0/24 metric 7': ['+ route 254 10.6.1.0/24 unreachable scope 0 metric 7'],
  'route add prohibit 10.6.2.0/24': ['+ route 254 10.6.2.0/24 prohibit scope 0'],
  'route add throw 10.6.3.0/24 table 1000': ['+ route 1000 10.6.3.0/24 throw scope 0'],
  'route add 10.5.0.0/16 via 172.16.0.1 dev va onlink src 10.0.0.1 table 100 tos 0x10': [
    '+ route 100 10.5.0.0/16 unicast scope 0 tos 16 src 10.0.0.1 > via 172.16.0.1 dev 30 weight 1 onlink',
  ],
  'nexthop add id 4 via 10.0.0.7 dev va': ['+ nexthop 4 > via 10.0.0.7 dev 30 weight 1'],
  'nexthop add id 5 via 10.0.0.8 dev va onlink': ['+ nexthop 5 > via 10.0.0.8 dev 30 weight 1 onlink'],
  'nexthop add id 6 group 4,3/5': ['+ nexthop 6 4,3 5,1'],
  'nexthop add id 7 blackhole': ['+ nexthop 7 blackhole'],
  'nexthop add id 8 via fe80::1 dev va': ['+ nexthop 8 > via-ipv6 dev 30 weight 1'],
  'route add 10.9.0.0/16 nhid 6': [
    '+ route 254 10.9.0.0/16 unicast scope 0 nhid 6 > via 10.0.0.7 dev 30 weight 3 > via 10.0.0.8 dev 30 weight 1 onlink',
  ],
  'rule add pref 300 fwmark 1/3 from 10.1.0.0/16 lookup 100': ['+ 300: from 10.1.0.0/16 fwmark 0x1/0x3 lookup 100'],
  'rule add pref 200 not to 10.2.0.0/16 iif va lookup 1000 suppress_prefixlength 0': [
    '+ 200: not to 10.2.0.0/16 iif va suppress_prefixlength 0 lookup 1000',
  ],
  'rule add pref 100 sport 5-7 prohibit': ['+ 100: selector 23 prohibit'],
  'rule del pref 200': ['- 200: not to 10.2.0.0/16 iif va suppress_prefixlength 0 lookup 1000'],
  'neigh add 10.0.0.9 lladdr 02:00:00:00:00:99 dev va': ['+ neigh 10.0.0.9 dev 30 02:00:00:00:00:99 permanent'],
  'neigh del 10.0.0.9 dev va': ['+ neigh 10.0.0.9 dev 30 failed', '- neigh 10.0.0.9 dev 30 failed'],
  'route del 10.8.0.0/16': [
    '- route 254 10.8.0.0/16 unicast scope 0 > via 10.0.0.4 dev 30 weight 3 > via 10.0.0.5 dev 30 weight 1',
  ],
  'addr del 10.0.1.1 peer 10.0.1.2/32 dev va': [
    '- addr 10.0.1.1/32 dev 30 peer 10.0.1.2 scope 0 label va',
    '- route 254 10.0.1.2/32 unicast scope 253 src 10.0.1.1 > dev 30 weight 1',
    '- route 255 10.0.1.1/32 local scope 254 src 10.0.1.1 > dev 30 weight 1',
  ],
  'link set vb master br': [
    `+ ${vb} veth master 40 port-of bridge`,
    `+ ${vb} veth master 40 port-of bridge`,
    '+ link 40 br 02:00:00:00:00:40 mtu 1500 bridge',
    '?',
    '?',
  ],
  // The port's end (AF_BRIDGE, RTM_DELLINK) is not the link's.
  'link set vb nomaster': [
    `+ ${vb} veth master 40 port-of bridge`,
    '?',
    '?',
    '?',
    `+ ${vb} veth`,
    '+ link 40 br 02:00:00:00:00:40 mtu 1500 bridge',
  ],
}

for (const [command, lines] of Object.entries(EXPECTED))
  t.test(`ip ${command}`, async t => t.strictSame(newsOf(command).flatMap(readLines), lines))

/** All that was recorded up to a command, that too. */
function heardUntil(command: string): HostTables {
  const tables = new HostTables()
  for (const step of recorded.steps) {
    for (const view of newsOf(step.command)) tables.hear(view, view.byteLength)
    if (step.command === command) return tables
  }
  throw new Error(`nothing was recorded for '${command}'`)
}

t.test('news become tables', async t => {
  const tables = heardUntil('route add default via 10.0.0.9 metric 5 mtu 1300')
  t.equal(tables.stale & ~ROUTES.bit & ~NEXT_HOPS.bit, 0)
  t.strictSame(linesOf(tables.snapshot()), [
    'addr 10.0.0.1/24 dev 30 brd 10.0.0.255 scope 0 label va',
    'addr 10.0.0.2/24 dev 30 scope 0 secondary label va:second',
    'addr 10.0.1.1/32 dev 30 peer 10.0.1.2 scope 0 label va',
    'addr 127.0.0.1/8 dev 1 scope 254 label lo',
    'link 1 lo 00:00:00:00:00:00 mtu 65536 up carrier loopback',
    `${va} mtu 1400 up carrier veth`,
    `${vb} veth`,
    'route 254 0.0.0.0/0 unicast scope 0 metric 5 mtu 1300 > via 10.0.0.9 dev 30 weight 1',
    'route 254 10.0.0.0/24 unicast scope 253 src 10.0.0.1 > dev 30 weight 1',
    'route 254 10.0.1.2/32 unicast scope 253 src 10.0.1.1 > dev 30 weight 1',
    'route 255 10.0.0.1/32 local scope 254 src 10.0.0.1 > dev 30 weight 1',
    'route 255 10.0.0.2/32 local scope 254 src 10.0.0.1 > dev 30 weight 1',
    'route 255 10.0.0.255/32 broadcast scope 253 src 10.0.0.1 > dev 30 weight 1',
    'route 255 10.0.1.1/32 local scope 254 src 10.0.1.1 > dev 30 weight 1',
    'route 255 10.64.0.0/10 local scope 254 > dev 1 weight 1',
    'route 255 127.0.0.0/8 local scope 254 src 127.0.0.1 > dev 1 weight 1',
    'route 255 127.0.0.1/32 local scope 254 src 127.0.0.1 > dev 1 weight 1',
    'route 255 127.255.255.255/32 broadcast scope 253 src 127.0.0.1 > dev 1 weight 1',
  ])
})

t.test('a link takes its addresses with it, and makes routes stale', async t => {
  const tables = heardUntil('link del vc')
  const { links, addresses } = tables.snapshot()
  t.strictSame(links.map(linkLine), [
    'link 1 lo 00:00:00:00:00:00 mtu 65536 up carrier loopback',
    'link 40 br 02:00:00:00:00:40 mtu 1500 bridge',
  ])
  t.strictSame(addresses.map(addressLine), ['addr 127.0.0.1/8 dev 1 scope 254 label lo'])
  t.equal(tables.stale & (ROUTES.bit | NEXT_HOPS.bit), ROUTES.bit | NEXT_HOPS.bit)
})

t.test('what leaves open how it is now makes its kind stale', async t => {
  const cases: [string, number][] = [
    ['route append default via 10.0.0.10 metric 5', ROUTES.bit],
    ['nexthop add id 4 via 10.0.0.7 dev va', ROUTES.bit | NEXT_HOPS.bit],
    ['rule del pref 200', RULES.bit],
    ['link set va down', ROUTES.bit | NEXT_HOPS.bit],
    ['addr del 10.0.1.1 peer 10.0.1.2/32 dev va', ROUTES.bit],
    ['link set vb nomaster', 0],
    ['neigh add 10.0.0.9 lladdr 02:00:00:00:00:99 dev va', 0],
    ['route replace default via 10.0.0.11 metric 5', 0],
  ]
  for (const [command, stale] of cases) {
    const tables = heardUntil(recorded.steps[recorded.steps.findIndex(step => step.command === command) - 1]!.command)
    tables.stale = 0
    for (const view of newsOf(command)) tables.hear(view, view.byteLength)
    t.equal(tables.stale, stale, command)
  }
})

t.test('news that are told twice change nothing', async t => {
  for (const { command } of recorded.steps) {
    const tables = heardUntil(command)
    const before = linesOf(tables.snapshot())
    const news = newsOf(command)
    // A link or a neighbour goes through several states within one command.
    if (news.length > 1 && /^(link|neigh)/.test(command)) continue
    const heard = news.map(view => tables.hear(view, view.byteLength))
    t.notOk(heard.includes(true), command)
    t.strictSame(linesOf(tables.snapshot()), before)
  }
})

const anyNews = fc.constantFrom(...recorded.steps.flatMap(({ command }) => newsOf(command)))

t.test('no octets throw, and of what is cut off all is read anew', async () => {
  fc.assert(
    fc.property(anyNews, fc.nat(), (view, cut) => {
      const tables = new HostTables()
      const octets = cut % view.byteLength
      tables.hear(new DataView(view.buffer, 0, octets), octets)
      return octets === 0 || tables.stale === ~0
    }),
  )
  const spoilt = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(fc.array(anyNews, { minLength: 1, maxLength: 4 }), spoilt, (all, changes) => {
      const tables = new HostTables()
      for (const view of all) {
        const octets = new Uint8Array(view.buffer.slice(0))
        for (const [at, octet] of changes) octets[at % octets.length] = octet
        tables.hear(new DataView(octets.buffer), octets.length)
      }
      tables.snapshot()
    }),
    { numRuns: 2000 },
  )
})
