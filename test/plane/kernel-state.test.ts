import t from 'tap'
import { kernelState } from '../../src/plane/kernel-state.js'
import { DeadEnd } from '../../src/neigh/routes.js'
import { formatIpv4 } from '../../src/wire/addr.js'
import { link, route, snapshot } from '../linux/rtnetlink/made-up.js'
import { held } from './held.js'

/* The host of made-up.ts: eth1 and eth2 are given to uvs as links 0 and 1, eth3 is not. */

const links = [1, 2].map(ifindex => ({ ifindex, mac: { hi: 0x0200, lo: ifindex }, mtu: 1500 }))
const host = snapshot({
  links: [link(1), link(2, { mtu: 9000 }), link(3)],
  addresses: [held('10.0.1.1/24', 1), held('10.0.3.1/24', 3)],
  routes: [
    'local 10.0.1.1/32 table 255 dev 1',
    'local 127.0.0.0/8 table 255 dev 3',
    '10.0.1.0/24 dev 1',
    '10.0.2.0/24 via 10.0.1.9 dev 1 mtu 1400',
    '10.3.0.0/16 dev 3',
    '10.4.0.0/16 via 10.0.3.9 dev 3 via 10.0.2.9 dev 2',
    'blackhole 10.5.0.0/16',
    'unreachable 10.6.0.0/16',
    'prohibit 10.7.0.0/16',
    '0.0.0.0/0 via 10.0.1.254 dev 1',
  ].map(route),
})

t.test("what the kernel holds, in the director's words", async t => {
  const state = kernelState(host, links, true)
  t.strictSame(
    state.links.map(({ mtu }) => mtu),
    [1500, 9000],
  )
  t.strictSame(
    state.addresses.map(({ addr, prefix, link }) => `${formatIpv4(addr)}/${prefix} ${link}`),
    ['10.0.1.1/24 0'],
    'on links of ours',
  )
  t.strictSame(state.held.map(formatIpv4), ['10.0.1.1'])
  t.strictSame(
    state.heldBlocks.map(({ addr, prefix }) => `${formatIpv4(addr)}/${prefix}`),
    ['127.0.0.0/8'],
  )
  const lines = state.routes.map(({ to, way, mtu }) => {
    const where =
      typeof way === 'number' ? `dead end ${way}` : `${way.link} ${way.gateway ? formatIpv4(way.gateway) : ''}`
    return `${formatIpv4(to.addr)}/${to.prefix} ${where.trim()} ${mtu ?? ''}`.trim()
  })
  t.strictSame(lines, [
    '10.0.1.0/24 0 1500',
    '10.0.2.0/24 0 10.0.1.9 1400',
    `10.3.0.0/16 dead end ${DeadEnd.ELSEWHERE}`,
    '10.4.0.0/16 1 10.0.2.9 9000',
    `10.5.0.0/16 dead end ${DeadEnd.BLACKHOLE}`,
    `10.6.0.0/16 dead end ${DeadEnd.UNREACHABLE}`,
    `10.7.0.0/16 dead end ${DeadEnd.PROHIBIT}`,
    '0.0.0.0/0 0 10.0.1.254 1500',
  ])
})

t.test('alone on its interfaces uvs has routes of its own', async t => {
  const { routes, held } = kernelState(host, links, false)
  t.strictSame([routes, held.map(formatIpv4)], [[], ['10.0.1.1']])
})

t.test('an interface that is gone keeps what was last known of it', async t => {
  const state = kernelState(snapshot({ links: [link(2)] }), links, true)
  t.strictSame(state.links[0], { mac: { hi: 0x0200, lo: 1 }, mtu: 1500 })
})
