import { formatIpv4, maskOf, parseCidr, parseIpv4, type Cidr, type Ipv4Addr } from '../wire/addr.js'
import { EtherType } from '../wire/ethernet.js'
import { IpProtocol } from '../wire/ipv4.js'
import type { FrameFacts } from './frame-facts.js'
import { FilterError, type Words } from './words.js'

type Block = Pick<Cidr, 'addr' | 'mask'>

/** What a filter says of a frame, or of all packets of a flow: PERHAPS of a flow that has such packets and others. */
export const Answer = { NO: 0, PERHAPS: 1, YES: 2 } as const
export type Answer = (typeof Answer)[keyof typeof Answer]
export type Test = (facts: FrameFacts) => Answer

export function answer(isSo: boolean): Answer {
  return isSo ? Answer.YES : Answer.NO
}

/** Which side of a packet is meant: `src`, `dst`, either, or both. */
export type Side = 'src' | 'dst' | 'or' | 'and'

export const PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: IpProtocol.ICMP,
  igmp: IpProtocol.IGMP,
  tcp: IpProtocol.TCP,
  udp: IpProtocol.UDP,
  sctp: IpProtocol.SCTP,
  vrrp: IpProtocol.VRRP,
}
const ETHER_TYPES: Readonly<Record<string, number>> = { ip: EtherType.IPV4, arp: EtherType.ARP, ip6: EtherType.IPV6 }
const MOST_PORT = 65_535
const NUMBER = /^(?:\d{1,10}|0x[0-9a-fA-F]{1,8})$/

const EITHER: Record<Side, (src: boolean, dst: boolean) => boolean> = {
  src: src => src,
  dst: (_, dst) => dst,
  or: (src, dst) => src || dst,
  and: (src, dst) => src && dst,
}

/** Packets whose address on that side is in a block. */
export function inNet({ addr, mask }: Block, side: Side): Test {
  const holds = EITHER[side]
  const has = (of: Ipv4Addr): boolean => ((of ^ addr) & mask) === 0
  return facts => answer(facts.isIpv4 && holds(has(facts.src), has(facts.dst)))
}
/** `expected`: what a wrong word stands in place of. */
export function host(word: string, side: Side, expected: string): Test {
  const addr = parseIpv4(word)
  if (addr === undefined) throw new FilterError(`'${word}': ${expected} is expected`)
  return inNet({ addr, mask: maskOf(32) }, side)
}
/** `10.0.0.0/8`, `10.0.0.0 mask 255.0.0.0`, or `10`, `10.1`, `10.1.2` for its block. */
export function net(word: string, words: Words, side: Side): Test {
  const short = /^\d{1,3}(\.\d{1,3}){0,2}$/.test(word) ? word.split('.') : undefined
  const text = short ? `${[...short, '0', '0', '0'].slice(0, 4).join('.')}/${short.length * 8}` : word
  if (words.takes('mask')) {
    const addr = parseIpv4(short ? text.split('/')[0]! : word)
    const maskWord = words.take('a netmask')
    const mask = parseIpv4(maskWord)
    if (addr === undefined || mask === undefined) throw new FilterError(`'${word} mask ${maskWord}': no block`)
    return checkedNet({ addr, mask }, side)
  }
  const cidr = parseCidr(text.includes('/') ? text : `${text}/32`)
  if (cidr === undefined) throw new FilterError(`'${word}': a block such as 10.0.0.0/8 is expected after net`)
  return checkedNet(cidr, side)
}
function checkedNet(cidr: Block, side: Side): Test {
  if ((cidr.addr & ~cidr.mask) !== 0)
    throw new FilterError(`${formatIpv4(cidr.addr)} has bits outside its netmask ${formatIpv4(cidr.mask)}`)
  return inNet(cidr, side)
}

export function port(word: string, side: Side, protocol: number | undefined): Test {
  const number = numberOf(word, MOST_PORT, 'a port, 0 to 65535,')
  return portsBetween(number, number, side, protocol)
}
export function portRange(word: string, side: Side, protocol: number | undefined): Test {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(word) ?? []
  if (first === undefined || last === undefined)
    throw new FilterError(`'${word}': two ports such as 8000-8100 are expected after portrange`)
  const [one, other] = [first, last].map(each => numberOf(each, MOST_PORT, 'a port, 0 to 65535,')) as [number, number]
  return portsBetween(Math.min(one, other), Math.max(one, other), side, protocol)
}
function portsBetween(first: number, last: number, side: Side, protocol: number | undefined): Test {
  const holds = EITHER[side]
  const has = (of: number): boolean => of >= first && of <= last
  return facts =>
    answer(
      facts.hasPorts &&
        (protocol === undefined || facts.protocol === protocol) &&
        holds(has(facts.srcPort), has(facts.dstPort)),
    )
}

/** `proto 6`, `proto tcp`. */
export function proto(word: string): Test {
  const number = PROTOCOLS[word.replace(/^\\/, '')] ?? numberOf(word, 255, 'a protocol, 0 to 255,')
  return facts => answer(facts.isIpv4 && facts.protocol === number)
}
/** A protocol's name alone; undefined: it is none. */
export function named(word: string): Test | undefined {
  const etherType = ETHER_TYPES[word]
  if (etherType !== undefined) return facts => answer(facts.etherType === etherType)
  return PROTOCOLS[word] === undefined ? undefined : proto(word)
}

/** Decimal or 0x… FilterError: `what` is expected. */
export function numberOf(word: string, most: number, what: string): number {
  const number = NUMBER.test(word) ? Number(word) : NaN
  if (!(number <= most)) throw new FilterError(`'${word}': ${what} is expected`)
  return number
}
