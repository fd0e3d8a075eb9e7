import { UsageError } from '../director/options.js'
import type { HostLink } from '../linux/rtnetlink/link.js'
import { HostNetwork } from '../linux/rtnetlink/host-network.js'
import type { HostSnapshot } from '../linux/rtnetlink/snapshot.js'
import { aboutOtherRules, tableOrder } from '../linux/rtnetlink/table-order.js'
import { formatIpv4, isLoopback, parseCidr, parseIpv4 } from '../wire/addr.js'
import type { DataPlaneOptions } from './data-plane-options.js'
import { kernelState } from './kernel-state.js'

/** Ports of these hear nothing: what comes in is the bridge's, or the bond's. */
const SWALLOWS = ['bridge', 'bond', 'team']

/** What the kernel of this network namespace holds now. SystemError where it may not be asked. */
export function readHost(): HostSnapshot {
  const host = new HostNetwork()
  try {
    return host.snapshot
  } finally {
    host.close()
  }
}

/** The options with what the host says of them, and lines for whoever starts the director. */
export interface OnThisHost<T extends DataPlaneOptions> {
  readonly options: T
  readonly notes: readonly string[]
}

/**
 * Decides for each raw interface whether uvs lives there beside the kernel: where that has an address, and where uvs has been given
 * none. Where it has been given one it is a host of its own, and claims its services' addresses. What the kernel holds stays the
 * kernel's: such an `--address` is left out, with a note. UsageError for an interface on which nothing can be heard.
 */
export function onThisHost<T extends DataPlaneOptions>(options: T, snapshot: HostSnapshot): OnThisHost<T> {
  const notes: string[] = []
  const { addresses, vips = [] } = options.director
  const own = addresses.filter(text => {
    const [cidr = '', name = ''] = text.split('@')
    const addr = parseCidr(cidr)?.addr
    if (addr === undefined || !options.devices.some(device => device.name === name && device.kind === 'raw'))
      return true
    if (!snapshot.addresses.some(held => held.addr === addr)) return true
    notes.push(`the kernel holds ${formatIpv4(addr)}: it stays the kernel's, and --address ${text} is left out`)
    return false
  })
  for (const vip of vips) {
    const addr = parseIpv4(vip.replace(/\/32$/, ''))
    if (addr !== undefined && snapshot.addresses.some(held => held.addr === addr))
      notes.push(`the kernel holds ${vip}, and answers for it: --vip ${vip} counts when it has let go`)
  }
  const devices = options.devices.map(device => {
    if (device.kind !== 'raw') return device
    const link = snapshot.links.find(({ name }) => name === device.name)
    if (link !== undefined) refuseUseless(link, snapshot)
    const isGiven = own.some(text => text.endsWith(`@${device.name}`))
    const isBeside = !isGiven || (link !== undefined && kernelIsOn(link, snapshot))
    return { ...device, isBeside, claims: isGiven }
  })
  const isBeside = devices.some(device => device.kind === 'raw' && device.isBeside)
  const rules = isBeside ? aboutOtherRules(tableOrder(snapshot.rules)) : undefined
  if (rules !== undefined) notes.push(rules)
  const links = devices.map(({ name }) => linkInterface(snapshot, name))
  return {
    options: {
      ...options,
      devices,
      director: { ...options.director, addresses: own },
      host: kernelState(snapshot, links, isBeside),
    },
    notes,
  }
}

function refuseUseless({ name, isLoopback, portOf, master }: HostLink, { links }: HostSnapshot): void {
  if (isLoopback)
    throw new UsageError(
      `--raw: '${name}' has what programs of this host send to it, which is balanced besides: an interface that other clients come by`,
    )
  if (portOf === undefined || !SWALLOWS.includes(portOf)) return
  const whole = links.find(({ index }) => index === master)?.name ?? portOf
  throw new UsageError(
    `--raw: '${name}' is a port of the ${portOf} ${whole}, and nothing is heard there: --raw ${whole}`,
  )
}

/** Whether the kernel has an address of its own there. */
function kernelIsOn({ index }: HostLink, { addresses }: HostSnapshot): boolean {
  return addresses.some(({ link, addr }) => link === index && !isLoopback(addr))
}

/** What a director's link is told of an interface; ifindex 0 where there is none yet. */
export function linkInterface({ links }: HostSnapshot, name: string) {
  const link = links.find(each => each.name === name)
  return { ifindex: link?.index ?? 0, mac: link?.mac ?? { hi: 0, lo: 0 }, mtu: link?.mtu ?? 1500 }
}
