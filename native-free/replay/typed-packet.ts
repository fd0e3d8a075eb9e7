import { parseIpv4, type Ipv4Addr } from '../../src/wire/addr.js'
import { ICMP_LEN, IcmpType, IcmpView } from '../../src/wire/icmp.js'
import { DF, IPV4_MIN_LEN, IpProtocol, Ipv4View } from '../../src/wire/ipv4.js'
import { TCP_MIN_LEN, TcpFlag, TcpView } from '../../src/wire/tcp.js'
import { UDP_LEN, UdpView } from '../../src/wire/udp.js'
import { sumOctets, sumPseudoHeader } from '../checksum.js'

/** A packet that cannot be read. The message names the word. */
export class TypedPacketError extends Error {}

const HEADERS = { tcp: TCP_MIN_LEN, udp: UDP_LEN, icmp: ICMP_LEN } as const
const PROTOCOLS = { tcp: IpProtocol.TCP, udp: IpProtocol.UDP, icmp: IpProtocol.ICMP } as const
type Kind = keyof typeof HEADERS

const FLAGS: Readonly<Record<string, number>> = {
  syn: TcpFlag.SYN,
  ack: TcpFlag.ACK,
  fin: TcpFlag.FIN,
  rst: TcpFlag.RST,
  psh: TcpFlag.PSH,
}
const FLAG_LIST = /^(?:syn|ack|fin|rst|psh)(?:,(?:syn|ack|fin|rst|psh))*$/
const MOST_PORT = 0xffff
const MOST_TTL = 255
const MOST_PAYLOAD = 0xffff - IPV4_MIN_LEN - TCP_MIN_LEN
const FORM = "PROTOCOL SRC > DST, such as 'tcp 10.0.0.7:40000 > 10.0.1.100:80 syn'"

interface End {
  addr: Ipv4Addr
  port: number
}

/**
 * Reads a packet as people write it: `tcp 10.0.0.7:40000 > 10.0.1.100:80 syn`, `udp …`, `icmp 10.0.0.7 > 10.0.1.100` (an echo request);
 * then, in any order, TCP's flags (`syn,ack`; ack unless told), `ttl N` (64), `len N` (octets of payload, 0), `df`. Returns an IPv4
 * packet with right checksums. TypedPacketError, which names the word.
 */
export function typedPacket(text: string): Uint8Array {
  const [kind = '', from = '', arrow = '', to = '', ...rest] = text.trim().split(/\s+/)
  if (!(kind in HEADERS)) throw new TypedPacketError(`'${kind}': tcp, udp or icmp is expected: ${FORM}`)
  if (arrow !== '>') throw new TypedPacketError(`'${text}': ${FORM} is expected`)
  const [src, dst] = [from, to].map(word => endOf(word, kind !== 'icmp')) as [End, End]
  return built(kind as Kind, src, dst, moreOf(kind as Kind, rest))
}

function endOf(word: string, hasPort: boolean): End {
  const [, text = '', port] = /^([^:]*)(?::(\d{1,5}))?$/.exec(word) ?? []
  const addr = parseIpv4(text)
  const what = hasPort ? 'an address and a port, such as 10.0.0.7:40000,' : 'an address'
  if (addr === undefined || (port === undefined) === hasPort || Number(port ?? 0) > MOST_PORT)
    throw new TypedPacketError(`'${word}': ${what} is expected`)
  return { addr, port: Number(port ?? 0) }
}

interface More {
  flags: number
  ttl: number
  payload: number
  df: boolean
}

function moreOf(kind: Kind, words: readonly string[]): More {
  const more: More = { flags: TcpFlag.ACK, ttl: 64, payload: 0, df: false }
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (kind === 'tcp' && FLAG_LIST.test(word))
      more.flags = word.split(',').reduce((flags, name) => flags | FLAGS[name]!, 0)
    else if (word === 'df') more.df = true
    else if (word === 'ttl') more.ttl = numberOf(words[++i], word, MOST_TTL)
    else if (word === 'len') more.payload = numberOf(words[++i], word, MOST_PAYLOAD)
    else {
      const flags = kind === 'tcp' ? 'flags such as syn or syn,ack, ' : ''
      throw new TypedPacketError(`'${word}': ${flags}ttl N, len N or df is expected`)
    }
  }
  return more
}
function numberOf(word: string | undefined, name: string, most: number): number {
  const number = word !== undefined && /^\d{1,5}$/.test(word) ? Number(word) : NaN
  if (!(number <= most)) throw new TypedPacketError(`'${name} ${word ?? ''}': a number up to ${most} is expected`)
  return number
}

function built(kind: Kind, src: End, dst: End, { flags, ttl, payload, df }: More): Uint8Array {
  const len = IPV4_MIN_LEN + HEADERS[kind] + payload
  const octets = new Uint8Array(len)
  const view = new DataView(octets.buffer)
  const protocol = PROTOCOLS[kind]
  new Ipv4View()
    .wrap(view, 0)
    .build(protocol, len)
    .withTos(0)
    .withTtl(ttl)
    .withId(0, df ? DF : 0)
    .finish(src.addr, dst.addr)
  const transportLen = len - IPV4_MIN_LEN
  const ends = [src.port, dst.port] as const
  if (kind === 'tcp') {
    const tcp = new TcpView().wrap(view, IPV4_MIN_LEN).build(...ends)
    tcp.withNumbers(1, 1).withFlags(flags).finish(src.addr, dst.addr)
  }
  if (kind === 'udp') new UdpView().wrap(view, IPV4_MIN_LEN).build(...ends, transportLen)
  if (kind === 'icmp') new IcmpView().wrap(view, IPV4_MIN_LEN).build(IcmpType.ECHO, 0, 0, transportLen)
  if (kind === 'icmp') return octets
  const checkAt = IPV4_MIN_LEN + (kind === 'tcp' ? 16 : 6)
  view.setUint16(checkAt, 0)
  const pseudo = sumPseudoHeader(src.addr, dst.addr, protocol, transportLen)
  view.setUint16(checkAt, ~sumOctets(octets.subarray(IPV4_MIN_LEN), pseudo) & 0xffff || 0xffff)
  return octets
}
