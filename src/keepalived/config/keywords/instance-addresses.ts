import { type Address, addressOf, isGroup } from '../addresses.js'
import { flag, lines, number, word } from '../arguments.js'
import { unsignedOf } from '../numbers.js'
import type { Keyword, Parser, Table } from '../parser.js'
import type { InstanceDraft } from '../draft.js'
import type { UnicastPeer } from '../tree/vrrp.js'
import { isLoopback, isThere } from './named-interface.js'
import type { OpenInstance } from './open.js'

const NO_INTERFACES = 'uvs makes no interfaces: adverts and gratuitous ARP come from the MAC of the interface'
/** Of what the kernel takes for an interface's name. */
const LONGEST_NAME = 15

function sourceAddress(usesUnicast: boolean): Keyword<OpenInstance> {
  return word({
    takes: '<ADDRESS>',
    initial: "the interface's first address",
    set({ instance }, text, parser) {
      if (usesUnicast) instance.usesUnicast = true
      const address = addressOf(text)
      if (address === undefined)
        parser.error(`Configuration error: VRRP instance[${instance.name}] malformed src address[${text}]. Skipping...`)
      else if (isOfFamily(instance, address)) instance.sourceAddress = address
      else
        parser.error(
          `Configuration error: VRRP instance[${instance.name}] and src address[${text}] MUST be of the same family !!! Skipping...`,
        )
    },
  })
}

/** The first address decides the family. */
function isOfFamily(instance: InstanceDraft, address: Address): boolean {
  return (instance.family ??= address.family) === address.family
}

/** Where adverts come from and go to; interfaces of their own. */
export const ADDRESS_KEYWORDS: Table<OpenInstance> = {
  mcast_src_ip: sourceAddress(false),
  unicast_src_ip: sourceAddress(true),
  mcast_dst_ip: word({
    takes: '<ADDRESS>',
    initial: 'vrrp_mcast_group4 or 6',
    set({ instance }, text, parser) {
      const address = addressOf(text)
      if (address === undefined) parser.error(`(${instance.name}) malformed mcast dest address ${text}. Skipping...`)
      else if (!isGroup(address)) parser.error(`(${instance.name}) mcast_dst_ip ${text} not multicast. Skipping...`)
      else if (isOfFamily(instance, address)) instance.mcastGroup = address.text
      else parser.error(`(${instance.name}) mcast dest address ${text} MUST match VRRP instance family. Skipping...`)
    },
  }),
  track_src_ip: flag(({ instance }) => void (instance.trackSourceAddress = true)),
  unicast_peer: lines({
    takes: '<ADDRESS> [min_ttl <0-255>] [max_ttl <0-255>] ',
    each({ words }, { instance }, parser) {
      peer(words, instance, parser)
    },
    close: ({ instance }) => void (instance.usesUnicast = true),
  }),
  unicast_fault_no_peer: flag(({ instance }) => void (instance.unicastFaultNoPeer = true)),
  unicast_ttl: number({
    least: 0,
    most: 255,
    initial: '255',
    bad: (text, { instance }) => `(${instance.name}): TTL '${text}' not valid - must be between 0 & 255`,
    set: ({ instance }, value) => void (instance.unicastTtl = value),
  }),
  check_unicast_src: flag(({ instance }) => Object.assign(instance, { checkUnicastSrc: true, usesUnicast: true })),
  old_unicast_checksum: {
    takes: '[<never>]',
    read({ words: [, mode] }, { instance }, parser) {
      instance.usesUnicast = true
      if (mode === undefined || mode === 'never') instance.oldUnicastChecksum = mode ?? 'old'
      else parser.error(`(${instance.name}) Unknown old_unicast_chksum mode ${mode} - ignoring`, 'allowed: never')
    },
  },
  native_ipv6: flag(({ instance }, parser) => {
    if (instance.family === 4) parser.error(`(${instance.name}) Cannot specify native_ipv6 with IPv4 addresses`)
    else instance.family = 6
  }),
  vrf: word({
    takes: '<INTERFACE>',
    unsupported: 'uvs has no VRF',
    set({ instance, config }, name, parser) {
      if (instance.interface !== undefined)
        parser.error(`(${instance.name}) Cannot specify VRF interface and interface - ignoring`)
      else if (!isLoopback(name, instance.name, 'VRF', parser))
        isThere(name, config, parser, `(${instance.name}) WARNING - VRF interface ${name} doesn't exist`)
    },
  }),
  use_vmac: {
    takes: '[<NAME>] [<MAC>]',
    unsupported: NO_INTERFACES,
    read: ({ words }, { instance }, parser) => useVmac(words.slice(1), instance, parser),
  },
  use_ipvlan: {
    takes: '[<NAME>] [<ADDRESS>] [<bridge|private|vepa>]',
    unsupported: NO_INTERFACES,
    read: ({ words }, { instance }, parser) => useIpvlan(words.slice(1), instance, parser),
  },
}

function peer([text = '', ...options]: readonly string[], instance: InstanceDraft, parser: Parser): void {
  const address = addressOf(text.split('/')[0]!)
  const where = `Configuration error: VRRP instance[${instance.name}]`
  if (address === undefined) {
    parser.error(`${where} malformed unicast peer address[${text}]. Skipping...`)
    return
  }
  if ((instance.family ??= address.family) !== address.family) {
    parser.error(`${where} and unicast peer address[${text}] MUST be of the same family !!! Skipping...`)
    return
  }
  const found: UnicastPeer = { address, minTtl: 0, maxTtl: 255 }
  for (let at = 0; at < options.length; at += 2) {
    const [option, value] = [options[at]!, options[at + 1]]
    if (value === undefined)
      parser.error(`(${instance.name}) ${option} is missing a value`, 'allowed: min_ttl N, max_ttl N')
    else if (option !== 'min_ttl' && option !== 'max_ttl')
      parser.error(`(${instance.name}) unknown unicast_peer option ${option}`, 'allowed: min_ttl N, max_ttl N')
    else {
      const ttl = unsignedOf(value, { least: 0, most: 255 }, parser)
      if (ttl !== undefined) found[option === 'min_ttl' ? 'minTtl' : 'maxTtl'] = ttl
    }
  }
  if (found.minTtl > found.maxTtl)
    parser.error(`(${instance.name}) min_ttl ${found.minTtl} > max_ttl ${found.maxTtl} - all packets will be discarded`)
  instance.unicastPeers.push(found)
}

/** A MAC of the range of RFC 5798 is the protocol's own. */
const OF_VRRP = /^00:00:5e:00:0[12](:|$)/i
const isMac = (text: string): boolean => /^([0-9a-f]{1,2}:){5}[0-9a-f]{1,2}$/i.test(text)

function useVmac(words: readonly string[], instance: InstanceDraft, parser: Parser): void {
  const vmac: { interface?: string; mac?: string } = { ...instance.useVmac }
  instance.useVmac = vmac
  for (const text of words.slice(0, 2)) {
    if (OF_VRRP.test(text)) parser.error(`VMAC MAC address not allowed to be RFC5798 address (${text}) - ignoring`)
    else if (isMac(text)) vmac.mac = text
    else if (text.includes(':')) parser.error(`VMAC invalid MAC address ${text} - ignored`)
    else if (vmac.interface !== undefined) parser.error('VMAC interface name already specified')
    else if (text === '') parser.error(`VMAC interface name '' too long or invalid characters - ignoring`)
    else if (parser.surroundings.hasInterface(text))
      parser.error(
        `(${instance.name}) interface ${text} already exists and is not a private macvlan; ignoring vmac if_name`,
      )
    else if (text.length > LONGEST_NAME || /[/ \t]|^\.\.?$/.test(text))
      parser.error(`VMAC interface name '${text}' too long or invalid characters - ignoring`)
    else vmac.interface = text
  }
}

function useIpvlan(words: readonly string[], instance: InstanceDraft, parser: Parser): void {
  const ipvlan: { interface?: string; address?: string } = {}
  instance.useIpvlan = ipvlan
  for (const text of words.slice(0, 3)) {
    if (/^(bridge|private|vepa)$/.test(text)) continue
    if (addressOf(text.split('/')[0]!)) ipvlan.address = text
    else if (ipvlan.interface !== undefined)
      parser.error(`(${instance.name}) IPVLAN interface already specified - ignoring '${text}'`)
    else ipvlan.interface = text
  }
}
