import t from 'tap'
import type { TunnelInfo } from '../../../src/control/protocol/api.js'
import {
  BenchDirector,
  DIP_R,
  endpoint,
  errorAbout,
  fromClient,
  fromServer,
  on,
  oneHopOn,
  toClient,
  VIP,
} from '../../support/bench-director.js'
import { concat, icmp4, ip4, packetOf, tcp4, type IcmpOptions } from '../../support/frames.js'
import { u16, unhex } from '../../support/octets.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'

/* A router between the director and a real server behind a tunnel says something about the tunnel's packets. */

const CLIENT = '10.99.1.10:40000'
const ROUTER = '10.99.2.99'
interface Tunnelled {
  tunnel: TunnelInfo
  protocol: number
  headers: Uint8Array
}
const TUNNELS: Record<string, Tunnelled> = {
  IPIP: { tunnel: { type: 'ipip', port: 0, checksum: 'none' }, protocol: 4, headers: new Uint8Array(0) },
  GUE: {
    tunnel: { type: 'gue', port: 6080, checksum: 'none' },
    protocol: 17,
    headers: unhex('9000 17c0 0100 0000 00040000'),
  },
  'GUE with options': {
    tunnel: { type: 'gue', port: 6080, checksum: 'none' },
    protocol: 17,
    headers: unhex('9000 17c0 0100 0000 02040000 0000000000000000'),
  },
  GRE: { tunnel: { type: 'gre', port: 0, checksum: 'none' }, protocol: 47, headers: unhex('00000800') },
  'GRE with checksum': {
    tunnel: { type: 'gre', port: 0, checksum: 'full' },
    protocol: 47,
    headers: unhex('80000800 12340000'),
  },
}

/** With one connection of the client's through the tunnel. */
function bench(tunnel: TunnelInfo): BenchDirector {
  const made = new BenchDirector()
  const service = { protocol: 'tcp' as const, ...endpoint(`${VIP}:80`) }
  made.must({ op: 'add-service', service, settings: serviceSettings('rr') })
  const settings = destinationSettings(1, { method: 'tunnel', tunnel })
  made.must({ op: 'add-destination', service, destination: endpoint('10.99.2.11:80'), settings })
  made.receive('c', tcp4(`${CLIENT} > ${VIP}:80`, fromClient))
  made.take()
  return made
}

/** The error about a packet of the client's behind these headers of ours. */
function error(
  { protocol, headers }: Omit<Tunnelled, 'tunnel'>,
  inner: Uint8Array,
  options: Partial<IcmpOptions>,
  outer = {},
): Uint8Array {
  const tunnelled = ip4(`${DIP_R} > 10.99.2.11`, protocol, concat(headers, inner), outer)
  return icmp4(`${ROUTER} > ${DIP_R}`, { type: 3, code: 4, payload: packetOf(tunnelled), ...fromServer(), ...options })
}

const segment = (options = {}): Uint8Array =>
  oneHopOn(tcp4(`${CLIENT} > ${VIP}:80`, { ...fromClient, flags: 'A', payload: 200, ...options }))

for (const [name, each] of Object.entries(TUNNELS)) {
  // We put no options into GUE.
  const overhead = 20 + Math.min(each.headers.length, each.tunnel.type === 'gue' ? 12 : 8)

  t.test(
    `${name}: fragmentation needed reaches the client; too large a packet is answered by us from then on`,
    async t => {
      const made = bench(each.tunnel)
      const inner = segment()
      // As the kernel has it: less the outer header, of the route that the last packet took, and that one was not told yet.
      for (const [rest, mtu] of [
        [1400, 1500 - 20],
        [1300, 1300 - 20],
      ] as const) {
        t.equal(made.receive('r', error(each, inner, { rest })), 'consumed')
        const [sent] = made.take()
        const told = { type: 3, code: 4, rest: mtu, ...toClient }
        t.equal(on('c', sent!.frame), on('c', errorAbout(inner, `${VIP} > 10.99.1.10`, told, sent!.frame)))
        made.receive('c', tcp4(`${CLIENT} > ${VIP}:80`, { ...fromClient, flags: 'A' }))
        made.take()
      }

      const options = { ...fromClient, flags: 'A' }
      const most = 1300 - overhead - 40
      t.equal(made.receive('c', tcp4(`${CLIENT} > ${VIP}:80`, { ...options, payload: most })), 'balanced')
      made.take()
      const tooBig = tcp4(`${CLIENT} > ${VIP}:80`, { ...options, payload: most + 1 })
      t.equal(made.receive('c', tooBig), 'drop-too-big')
      const [sent] = made.take()
      const told = { type: 3, code: 4, rest: 1300 - overhead, ...toClient }
      t.equal(on('c', sent!.frame), on('c', errorAbout(oneHopOn(tooBig), `${VIP} > 10.99.1.10`, told, sent!.frame)))
    },
  )

  t.test(`${name}: without DF inside nobody is told, but the MTU is learnt`, async t => {
    const made = bench(each.tunnel)
    t.strictSame(made.turn('r', error(each, segment({ df: false }), { rest: 1400 })), ['consumed'])
    made.receive('c', tcp4(`${CLIENT} > ${VIP}:80`, { ...fromClient, flags: 'A', payload: 1400, df: false }))
    t.equal(made.take().length, 2, 'pieces')
  })

  t.test(`${name}: other errors are passed on as they are`, async t => {
    const made = bench(each.tunnel)
    for (const [type, code] of [
      [3, 1],
      [11, 0],
      [4, 0],
    ] as const) {
      const inner = segment()
      t.equal(made.receive('r', error(each, inner, { type, code, rest: 7 })), 'consumed')
      const [sent] = made.take()
      const told = { type, code, rest: 7, ...toClient }
      t.equal(
        on('c', sent!.frame),
        on('c', errorAbout(inner, `${VIP} > 10.99.1.10`, told, sent!.frame)),
        `${type}/${code}`,
      )
    }
  })

  t.test(`${name}: what is no tunnel of ours, no connection of ours, or wrong is told to nobody`, async t => {
    const made = bench(each.tunnel)
    const cases: [string, Uint8Array, string][] = [
      ['a wrong ICMP checksum', error(each, segment(), { checksum: 0x1234 }), 'drop-icmp-checksum'],
      ['another connection', error(each, oneHopOn(tcp4(`10.99.1.10:1 > ${VIP}:80`, fromClient)), {}), 'consumed'],
      ['a later piece', error(each, segment(), {}, { df: false, fragment: 3 }), 'consumed'],
      ['no packet inside', error(each, new Uint8Array(0), {}), 'consumed'],
      ['half a header inside', error(each, segment().slice(0, 19), {}), 'consumed'],
      ['a protocol that is none', error({ ...each, protocol: 99 }, segment(), {}), 'consumed'],
    ]
    for (const [why, frame, verdict] of cases) t.strictSame(made.turn('r', frame), [verdict], why)
  })
}

t.test('a tunnel of another type or port, or to another server, is not ours', async t => {
  const made = bench(TUNNELS['GUE']!.tunnel)
  t.strictSame(made.turn('r', error(TUNNELS['IPIP']!, segment(), {})), ['consumed'])
  t.strictSame(made.turn('r', error(TUNNELS['GRE']!, segment(), {})), ['consumed'])
  const otherPort = { protocol: 17, headers: concat(u16(40_000), u16(6081), unhex('0100000000040000')) }
  t.strictSame(made.turn('r', error(otherPort, segment(), {})), ['consumed'])
  for (const gue of ['20040000', '40040000', '00290000']) {
    const headers = concat(u16(40_000), u16(6080), u16(256), u16(0), unhex(gue))
    t.strictSame(made.turn('r', error({ protocol: 17, headers }, segment(), {})), ['consumed'], gue)
  }
})

t.test('of an IPIP and a GRE tunnel to one server only the newest is ours', async t => {
  const { IPIP, GRE } = TUNNELS as { IPIP: Tunnelled; GRE: Tunnelled }
  const made = bench(IPIP.tunnel)
  const service = { protocol: 'udp' as const, ...endpoint(`${VIP}:80`) }
  const destination = endpoint('10.99.2.11:80')
  const gre = (op: 'add-destination' | 'edit-destination', weight: number): void =>
    made.must({
      op,
      service,
      destination,
      settings: destinationSettings(weight, { method: 'tunnel', tunnel: GRE.tunnel }),
    })
  const told = (): string[] =>
    [IPIP, GRE].flatMap(each => {
      made.receive('r', error(each, segment(), { rest: 1300 }))
      return made.take().length > 0 ? [each.tunnel.type] : []
    })
  made.must({ op: 'add-service', service, settings: serviceSettings('rr') })
  t.strictSame(told(), ['ipip'])
  gre('add-destination', 1)
  t.strictSame(told(), ['gre'])
  const tcp = { protocol: 'tcp' as const, ...endpoint(`${VIP}:80`) }
  const edit = (settings: Parameters<typeof destinationSettings>[1]): void =>
    made.must({ op: 'edit-destination', service: tcp, destination, settings: destinationSettings(3, settings) })
  edit({ method: 'tunnel', tunnel: IPIP.tunnel })
  t.strictSame(told(), ['gre'], 'a weight is not what makes it new')
  edit({ method: 'direct' })
  edit({ method: 'tunnel', tunnel: IPIP.tunnel })
  t.strictSame(told(), ['ipip'])
  made.must({ op: 'delete-destination', service, destination })
  gre('add-destination', 1)
  t.strictSame(told(), ['gre'])
  made.must({ op: 'delete-destination', service, destination })
  t.strictSame(told(), ['ipip'])
})

t.test('the client’s packet counts as answered with an error, and an MTU too small is not told', async t => {
  const made = bench(TUNNELS['IPIP']!.tunnel)
  const [service] = made.director.balancing.inKernelOrder()
  const out = (): number => {
    made.director.balancing.counters.tick(1)
    return made.director.balancing.counters.shown(service!.counters, 2)
  }
  const before = out()
  made.receive('r', error(TUNNELS['IPIP']!, segment(), { rest: 1400 }))
  t.ok(out() > before, 'an outgoing packet')
  made.take()
})
