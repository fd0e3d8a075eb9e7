import t from 'tap'
import { routerSettingsFrom } from '../../../src/keepalived/vrrp/from-config.js'
import { alreadyThere, hostLinks } from '../../../src/keepalived/vrrp-host/host-links.js'
import { NO_OWN_INTERFACES } from '../../../src/keepalived/vrrp-host/own-interfaces.js'
import type { HostAddress } from '../../../src/linux/rtnetlink/address.js'
import type { HostLink } from '../../../src/linux/rtnetlink/link.js'
import type { HostSnapshot } from '../../../src/linux/rtnetlink/snapshot.js'
import { formatIpv4, parseCidr } from '../../../src/wire/addr.js'
import { configOf } from '../vrrp/recording.js'

const settings = routerSettingsFrom(
  configOf(`vrrp_instance V {
  interface eth0
  virtual_router_id 51
  virtual_ipaddress {
    192.0.2.100/24
  }
}
`),
)

/** A host whose eth0 has these addresses. */
function host(...cidrs: string[]): HostSnapshot {
  const link = { index: 2, name: 'eth0', mac: undefined, isUp: true, hasCarrier: true } as HostLink
  const addresses = cidrs.map((text): HostAddress => {
    const none = { peer: undefined, broadcast: undefined, label: undefined }
    return { ...parseCidr(text)!, ...none, link: 2, scope: 0, flags: 0 }
  })
  return { links: [link], addresses, routes: [], rules: [], nextHops: [], neighbours: [] }
}

const linksOf = (...cidrs: string[]) => hostLinks(host(...cidrs), settings, NO_OWN_INTERFACES)

t.test('a virtual address that the host has is none of its own, and is told of', async t => {
  const links = linksOf('192.0.2.100/24')
  t.strictSame(links.get('eth0')?.addresses, [])
  t.strictSame([...links.get('eth0')!.vips].map(formatIpv4), ['192.0.2.100'])
  t.strictSame(alreadyThere(links), [
    'eth0 has 192.0.2.100 already: as a virtual address, of the same length, it is there while its instance is master',
  ])
})

t.test('its own addresses are not', async t => {
  const links = linksOf('192.0.2.1/24', '192.0.2.2/24')
  t.strictSame(links.get('eth0')?.addresses.map(formatIpv4), ['192.0.2.1', '192.0.2.2'])
  t.strictSame(alreadyThere(links), [])
})
