import { formatIpv4, type Ipv4Addr, maskOf, parseIpv4 } from '../../../wire/addr.js'
import { addressOf } from '../addresses.js'
import type { ConfigDraft } from '../draft.js'
import { unsignedOf } from '../numbers.js'
import type { Parser } from '../parser.js'
import type { VirtualAddress } from '../tree/vrrp.js'
import { isThere } from './named-interface.js'

const LONGEST_LABEL = 15
const SCOPES = ['global', 'site', 'link', 'host', 'nowhere', 'universe']
const FLAGS = ['home', '-nodad', 'mngtmpaddr', 'noprefixroute', 'autojoin']
const OPTIONS =
  'allowed: brd, dev, scope, label, peer, home, -nodad, mngtmpaddr, noprefixroute, autojoin, no_track, use_vmac, preferred_lft; one address a line'

/** `A[/L] [brd A] [dev IF] …`; undefined: no address, and that is told. */
export function virtualAddressOf(
  words: readonly string[],
  { config, mayTrackGroup, mayVmac }: { config: ConfigDraft; mayTrackGroup: boolean; mayVmac: boolean },
  parser: Parser,
): VirtualAddress | undefined {
  const [text = '', ...options] = words
  const slash = text.indexOf('/')
  const address = addressOf(slash < 0 ? text : text.slice(0, slash))
  if (address === undefined) {
    parser.error(`VRRP parsed invalid IP ${text}. skipping IP...`, badAddressHelp(text))
    return undefined
  }
  const most = address.family === 4 ? 32 : 128
  const given = slash < 0 ? most : unsignedOf(text.slice(slash + 1), { least: 0, most }, parser)
  if (given === undefined)
    parser.error(`Invalid address prefix len ${text.slice(slash + 1)} for address ${text} - using ${most}`, LENGTH_HELP)
  const found: VirtualAddress = {
    address,
    length: given ?? prefixOf(text.slice(slash + 1), most),
    scope: 'global',
    noTrack: false,
    useVmac: false,
    flags: [],
  }
  for (let at = 0; at < options.length; at++) {
    const option = options[at]!
    if (FLAGS.includes(option)) found.flags.push(option.replace('-', ''))
    else if (option === 'no_track') found.noTrack = true
    else if (option === 'use_vmac' && mayVmac) found.useVmac = true
    else if (VALUED.has(option) && (option !== 'track_group' || mayTrackGroup)) {
      const value = options[++at]
      if (value === undefined) {
        parser.error(`No ${option} parameter specified for ${text}`, 'the address is left out')
        return undefined
      }
      if (!setOption(found, option, value, text, config, parser)) return undefined
    } else parser.error(`Unknown configuration entry '${option}' for ip address - ignoring`, OPTIONS)
  }
  if (found.broadcast === '+' || found.broadcast === '-') found.broadcast = hostBits(found, found.broadcast === '+')
  return found
}

/** `brd +` sets the bits behind the prefix, `brd -` clears them. */
function hostBits({ address, length }: VirtualAddress, set: boolean): string {
  const addr = parseIpv4(address.text)
  if (addr === undefined) return address.text
  const mask = maskOf(length)
  return formatIpv4((set ? addr | ~mask : addr & mask) as Ipv4Addr)
}

/** keepalived says that it uses the whole length, and takes the digits in front. */
function prefixOf(text: string, most: number): number {
  const prefix = Number.parseInt(text, 10)
  return prefix >= 0 && prefix <= most ? prefix : most
}

const VALUED = new Set(['brd', 'broadcast', 'dev', 'scope', 'label', 'peer', 'preferred_lft', 'track_group'])
const LENGTH_HELP = 'write a prefix length such as /24, not a netmask'

function badAddressHelp(text: string): string {
  if (/,/.test(text)) return 'one address a line, without commas'
  if (/-/.test(text)) return 'ranges are not known here: one address a line, or ~SEQ'
  if (/%/.test(text)) return 'write `dev INTERFACE` behind the address'
  return 'write an IPv4 or IPv6 address, with /LENGTH if it has one'
}

/** False: the address is left out. */
function setOption(
  found: VirtualAddress,
  option: string,
  value: string,
  text: string,
  config: ConfigDraft,
  parser: Parser,
): boolean {
  if (option === 'label') return setLabel(found, value, text, parser)
  if (option === 'brd' || option === 'broadcast') return setBroadcast(found, option, value, text, parser)
  if (option === 'dev') return setInterface(found, value, text, config, parser)
  if (option === 'scope') setScope(found, value, text, parser)
  else if (option === 'peer') setPeer(found, value, parser)
  else if (option === 'track_group') {
    if (config.trackGroups.has(value)) found.trackGroup = value
    else parser.error(`track_group ${value} not found`)
  } else if (value === 'forever' || unsignedOf(value, { least: 0, most: 4_294_967_295 }, parser) !== undefined)
    found.preferredLifetime = value
  else parser.error(`preferred_lft ${value} is invalid`, 'allowed: seconds, or forever')
  return true
}

function setScope(found: VirtualAddress, value: string, text: string, parser: Parser): void {
  const isIpv6 = found.address.family === 6
  if (isIpv6 && value !== 'global') parser.error(`Cannot specify scope for IPv6 addresses (${text}) - ignoring scope`)
  if (SCOPES.includes(value) || (/^\d{1,3}$/.test(value) && Number(value) <= 255)) found.scope = value
  else {
    const allowed = `allowed: ${SCOPES.join(', ')} or 0 to 255`
    parser.error(`Invalid scope '${value}' specified for ${text} - ignoring`, allowed)
  }
}

function setPeer(found: VirtualAddress, value: string, parser: Parser): void {
  const peer = addressOf(value)
  if (peer === undefined) {
    parser.error(`VRRP parsed invalid IP ${value}. skipping IP...`)
    parser.error(`Invalid peer address ${value}`)
  } else if (peer.family !== found.address.family) parser.error(`Peer address ${value} does not match address family`)
  else found.peer = value
}

function setLabel(found: VirtualAddress, value: string, text: string, parser: Parser): boolean {
  if (found.address.family === 6) parser.error(`Cannot specify label for IPv6 addresses (${text}) - ignoring label`)
  else if (value.length > LONGEST_LABEL) {
    parser.error(`Address label ${value} is longer than maximum length ${LONGEST_LABEL} - removing address`)
    return false
  } else found.label = value
  return true
}

function setBroadcast(found: VirtualAddress, option: string, value: string, text: string, parser: Parser): boolean {
  const isComputed = value === '+' || value === '-'
  if (found.address.family === 6) {
    const what = `${option} to the IPv6 address ${text}`
    parser.error(`VRRP is trying to assign a broadcast ${what} !!?? WTF... skipping VIP...`)
    return false
  }
  if (!isComputed && addressOf(value)?.family !== 4) {
    const text = `VRRP is trying to assign invalid broadcast ${value}. skipping VIP...`
    parser.error(text, 'allowed: an IPv4 address, + or -')
    return false
  }
  if (isComputed && found.length > 30) parser.error(`Address prefix length ${found.length} too long for broadcast`)
  else found.broadcast = value
  return true
}

function setInterface(found: VirtualAddress, name: string, text: string, config: ConfigDraft, parser: Parser): boolean {
  if (found.interface !== undefined) {
    parser.error(`Cannot specify ipaddress device more than once for ${found.address.text}`)
    return true
  }
  found.interface = name
  isThere(name, config, parser, `WARNING - interface ${name} for ip address ${text} doesn't exist`)
  return true
}
