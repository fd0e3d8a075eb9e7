import type { TcpHeaders } from '../native-free/lab-path.js'
import { formatIpv4, formatMac } from '../src/wire/addr.js'
import { ETHERNET_LEN, EthernetView, EtherType } from '../src/wire/ethernet.js'
import { IPV4_MIN_LEN, IpProtocol, Ipv4View } from '../src/wire/ipv4.js'
import { TCP_MIN_LEN, TcpFlag, TcpView } from '../src/wire/tcp.js'

/** A TCP packet as captured on a wire. */
export interface TcpFrame extends TcpHeaders {
  syn: boolean
  ack: boolean
}

/** Reads a frame of TCP in IPv4, also in IP-in-IP; undefined for anything else. */
export function readTcpFrame(octets: Buffer, ethernet: boolean): TcpFrame | undefined {
  const dv = new DataView(octets.buffer, octets.byteOffset, octets.length)
  if (!ethernet) return readIpv4(dv, 0)
  const eth = new EthernetView().wrap(dv, 0)
  if (octets.length < ETHERNET_LEN || eth.type !== EtherType.IPV4) return undefined
  const inside = readIpv4(dv, ETHERNET_LEN)
  const dst = formatMac({ hi: eth.dstHi, lo: eth.dstLo })
  const src = formatMac({ hi: eth.srcHi, lo: eth.srcLo })
  return inside && { macs: { dst, src }, ...inside }
}

/** A capture may hold less of the packet at `at` than its length field says. */
function readIpv4(dv: DataView, at: number): TcpFrame | undefined {
  const ip = new Ipv4View().wrap(dv, at)
  if (dv.byteLength - at < IPV4_MIN_LEN || !ip.isVersion4) return undefined
  const header = { src: formatIpv4(ip.srcAddr), dst: formatIpv4(ip.dstAddr), ttl: ip.ttl }
  const body = at + ip.headerLen
  if (ip.protocol === IpProtocol.IPIP) {
    const inner = readIpv4(dv, body)
    return inner && { ...inner, outer: { ...header, protocol: IpProtocol.IPIP } }
  }
  const len = Math.min(at + ip.totalLen, dv.byteLength) - body
  if (ip.protocol !== IpProtocol.TCP || len < TCP_MIN_LEN) return undefined
  const tcp = new TcpView().wrap(dv, body)
  return {
    ...header,
    sport: tcp.srcPort,
    dport: tcp.dstPort,
    syn: (tcp.flags & TcpFlag.SYN) !== 0,
    ack: (tcp.flags & TcpFlag.ACK) !== 0,
    payload: len - tcp.headerLen,
  }
}
