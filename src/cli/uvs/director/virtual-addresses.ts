import type { KeepalivedConfig } from '../../../keepalived/config/tree/config.js'
import type { VrrpInstance } from '../../../keepalived/config/tree/vrrp.js'
import { parseCidr, parseIpv4, type Cidr, type Ipv4Addr } from '../../../wire/addr.js'
import { aloneIn, type Given } from './director-interfaces.js'

/** Whose an address of the block is, as a line; undefined: no virtual router has one in it. */
export function whyVirtual({ instances }: KeepalivedConfig, block: Cidr): string | undefined {
  for (const { name, addresses, excludedAddresses } of instances)
    for (const { address } of [...addresses, ...excludedAddresses]) {
      const addr = parseIpv4(address.text)
      if (addr !== undefined && isWithin(addr, block))
        return `${address.text} is vrrp_instance ${name}'s: it comes with being master, and goes`
    }
  return undefined
}

/** What of an instance cannot be done. */
export interface RefusedInstance {
  readonly instance: string
  readonly why: string
}

/**
 * What virtual routers cannot do on interfaces that uvs holds alone: IPv6. And an address that is the director's whoever is master.
 * Undefined: nothing of that.
 */
export function refusedInstance({ instances }: KeepalivedConfig, given: Given): RefusedInstance | undefined {
  const [alone, own] = [aloneIn(given), always(given)]
  for (const instance of instances) {
    const why = whyRefused(instance, alone, own)
    if (why !== undefined) return { instance: instance.name, why }
  }
  return undefined
}

function whyRefused(
  { interface: device, family, addresses, excludedAddresses }: VrrpInstance,
  alone: readonly string[],
  own: ReturnType<typeof always>,
): string | undefined {
  if (family === 6 && alone.includes(device)) return noIpv6(device)
  for (const { address, interface: on = device } of [...addresses, ...excludedAddresses]) {
    const addr = parseIpv4(address.text)
    if (addr === undefined && alone.includes(on)) return `${address.text}: ${noIpv6(on)}`
    const holder = own.find(({ block }) => addr !== undefined && isWithin(addr, block))
    if (holder) return `${address.text} is answered for whoever is master: leave ${holder.option} out`
  }
  return undefined
}

/** Of each TAP device of a virtual router, a line if its MAC is made of its name: the other host's of that name has the same. */
export function sameMacs({ instances }: KeepalivedConfig, { devices }: Given): string[] {
  const names = new Set(instances.map(instance => instance.interface))
  return devices
    .filter(device => device.kind === 'tap' && device.mac === undefined && names.has(device.name))
    .map(
      ({ name }) =>
        `${name} has the MAC that every uvs makes of this name: give each host's its own by --mac MAC@${name}`,
    )
}

function isWithin(addr: Ipv4Addr, { addr: first, mask }: Cidr): boolean {
  return ((addr ^ first) & mask) === 0
}

function noIpv6(on: string): string {
  return `no IPv6 on ${on}, which is uvs's alone`
}

/** What the director answers for from start to end. */
function always({ director: { addresses, vips = [] } }: Given): { option: string; block: Cidr }[] {
  return [
    ...addresses.flatMap(text => blockOf('--address', text, parseCidr(`${text.split('/')[0]}/32`))),
    ...vips.flatMap(text => blockOf('--vip', text, parseCidr(text))),
  ]
}
function blockOf(option: string, text: string, block: Cidr | undefined): { option: string; block: Cidr }[] {
  return block ? [{ option: `${option} ${text}`, block }] : []
}
