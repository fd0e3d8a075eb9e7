import type { FieldInfo } from '../../protocol/explain.js'
import { formatIpv4, formatMac } from '../../../wire/addr.js'
import { ETHERNET_LEN, EthernetView, EtherType } from '../../../wire/ethernet.js'
import { GRE_LEN, GreView } from '../../../wire/gre.js'
import { GUE_LEN, GueView } from '../../../wire/gue.js'
import { ICMP_LEN, IcmpType, IcmpView } from '../../../wire/icmp.js'
import { IPV4_MIN_LEN, IpProtocol, Ipv4View } from '../../../wire/ipv4.js'
import { PORTS_LEN } from '../../../wire/ports.js'
import { TCP_MIN_LEN, TcpView } from '../../../wire/tcp.js'
import { UDP_LEN, UdpView } from '../../../wire/udp.js'

/** Of TCP's flags octet, from the lowest bit on. */
const FLAG_LETTERS = 'FSRPAUEC'
const MOST_HEADERS = 4
/** Types of ICMP messages that quote a packet (RFC 792). */
const QUOTING: readonly number[] = [IcmpType.UNREACHABLE, IcmpType.SOURCE_QUENCH, 5, IcmpType.TIME_EXCEEDED, 12]

/** TCP's flags octet as letters: 'SA'. */
export function flagLetters(flags: number): string {
  return [...FLAG_LETTERS].filter((_, bit) => (flags >> bit) & 1).join('')
}

/**
 * The fields of a frame's headers, from the outside in. Headers within others, of tunnels and of packets that ICMP errors quote,
 * have names that begin with 'inner.' and 'quoted.'. `tunnelPort`: UDP to it is a GUE tunnel.
 */
export function fieldsOf(view: DataView, at: number, len: number, tunnelPort = 0): FieldInfo[] {
  if (len < ETHERNET_LEN) return []
  const eth = new EthernetView().wrap(view, at)
  const fields: FieldInfo[] = [
    ['eth.dst', formatMac({ hi: eth.dstHi, lo: eth.dstLo })],
    ['eth.src', formatMac({ hi: eth.srcHi, lo: eth.srcLo })],
    ['eth.type', `0x${eth.type.toString(16).padStart(4, '0')}`],
  ]
  if (eth.type === EtherType.IPV4)
    addPacket(fields, '', view, at + ETHERNET_LEN, len - ETHERNET_LEN, { tunnelPort, left: MOST_HEADERS })
  return fields
}

interface Depth {
  readonly tunnelPort: number
  readonly left: number
}

function addPacket(fields: FieldInfo[], name: string, view: DataView, at: number, len: number, depth: Depth): void {
  if (depth.left === 0 || len < IPV4_MIN_LEN) return
  const ip = new Ipv4View().wrap(view, at)
  const { headerLen } = ip
  if (!ip.isVersion4 || headerLen < IPV4_MIN_LEN || headerLen > len) return
  const add = (field: string, value: string | number): void => void fields.push([`${name}ip.${field}`, String(value)])
  add('src', formatIpv4(ip.srcAddr))
  add('dst', formatIpv4(ip.dstAddr))
  add('protocol', ip.protocol)
  add('ttl', ip.ttl)
  add('length', ip.totalLen)
  add('id', ip.id)
  add('df', ip.dontFragment ? 1 : 0)
  if (ip.isFragment) add('fragment', `${ip.fragmentOffset}${ip.moreFragments ? '+' : ''}`)
  if (ip.tos !== 0) add('tos', ip.tos)
  if (headerLen > IPV4_MIN_LEN) add('options', headerLen - IPV4_MIN_LEN)
  add('checksum', hex16(ip.checksum))
  if (ip.fragmentOffset !== 0) return
  const inside = { ...depth, left: depth.left - 1 }
  addTransport(fields, name, view, at + headerLen, len - headerLen, ip.protocol, inside)
}

function addTransport(
  fields: FieldInfo[],
  name: string,
  view: DataView,
  at: number,
  len: number,
  protocol: number,
  depth: Depth,
): void {
  const add = (field: string, value: string | number): void => void fields.push([name + field, String(value)])
  const addPorts = (of: string): void => {
    add(`${of}.srcport`, view.getUint16(at))
    add(`${of}.dstport`, view.getUint16(at + 2))
  }
  switch (protocol) {
    case IpProtocol.TCP:
      if (len >= PORTS_LEN) addPorts('tcp')
      if (len < TCP_MIN_LEN) return
      const tcp = new TcpView().wrap(view, at)
      add('tcp.flags', flagLetters(tcp.flags))
      add('tcp.seq', tcp.seq)
      add('tcp.ack', tcp.ack)
      add('tcp.checksum', hex16(tcp.checksum))
      return
    case IpProtocol.UDP:
      if (len >= PORTS_LEN) addPorts('udp')
      if (len < UDP_LEN) return
      const udp = new UdpView().wrap(view, at)
      add('udp.length', udp.length)
      add('udp.checksum', hex16(udp.checksum))
      if (depth.tunnelPort === 0 || udp.dstPort !== depth.tunnelPort || len < UDP_LEN + GUE_LEN) return
      const gue = new GueView().wrap(view, at + UDP_LEN)
      if (gue.isValid(len - UDP_LEN)) within('inner.', UDP_LEN + gue.headerLen)
      return
    case IpProtocol.SCTP:
      if (len >= PORTS_LEN) addPorts('sctp')
      return
    case IpProtocol.ICMP:
      if (len < ICMP_LEN) return
      const icmp = new IcmpView().wrap(view, at)
      add('icmp.type', icmp.type)
      add('icmp.code', icmp.code)
      if (icmp.rest !== 0) add('icmp.rest', icmp.rest)
      add('icmp.checksum', hex16(icmp.checksum))
      if (QUOTING.includes(icmp.type)) within('quoted.', ICMP_LEN)
      return
    case IpProtocol.IPIP:
      within('inner.', 0)
      return
    case IpProtocol.GRE:
      if (len < GRE_LEN) return
      const gre = new GreView().wrap(view, at)
      if (gre.isValid(len)) within('inner.', gre.headerLen)
  }
  function within(word: string, behind: number): void {
    addPacket(fields, name + word, view, at + behind, len - behind, depth)
  }
}

function hex16(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`
}
