/*
 * Undoes what a kernel puts off until a frame is on a wire, where the frame does not say so: libpcap shows no virtio-net header.
 *  a checksum left to the device    its field holds the pseudo header's sum: completed
 *  segments of TCP in one frame     longer than the MTU: cut
 */
import { fold, pseudoHeaderSum, sum16 } from '../wire/checksum.js'
import { ETHER_TYPE_AT, ETHERNET_LEN, EtherType } from '../wire/ethernet.js'
import { IPV4_MIN_LEN, IpProtocol, Ipv4View } from '../wire/ipv4.js'
import { TCP_CHECKSUM_AT, TCP_MIN_LEN, TcpFlag, TcpView } from '../wire/tcp.js'
import { sentCheck, UDP_CHECKSUM_AT, UDP_LEN } from '../wire/udp.js'
import type { FrameRoom } from './frame-room.js'

const ip = new Ipv4View()
const tcp = new TcpView()

/** Whether `len` octets at `at` are a whole IPv4 packet of TCP or UDP, behind an Ethernet header, and no fragment. Points `ip` at it. */
function isWhole(view: DataView, at: number, len: number): boolean {
  if (len < ETHERNET_LEN + IPV4_MIN_LEN || view.getUint16(at + ETHER_TYPE_AT) !== EtherType.IPV4) return false
  if (!ip.wrap(view, at + ETHERNET_LEN).isValid(len - ETHERNET_LEN) || ip.isFragment) return false
  const left = ip.totalLen - ip.headerLen
  return (ip.protocol === IpProtocol.TCP && left >= TCP_MIN_LEN) || (ip.protocol === IpProtocol.UDP && left >= UDP_LEN)
}

/**
 * Completes the checksum of TCP or UDP if it was left to the device: its field then holds the pseudo header's sum. One complete checksum
 * in 65 536 equals that sum by chance: the whole sum shows that it is right.
 */
export function completeChecksum(view: DataView, at: number, len: number): void {
  if (!isWhole(view, at, len)) return
  const { headerLen, totalLen, protocol } = ip
  const from = at + ETHERNET_LEN + headerLen
  const transportLen = totalLen - headerLen
  const field = from + (protocol === IpProtocol.TCP ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT)
  const pseudo = fold(pseudoHeaderSum(ip.srcAddr, ip.dstAddr, protocol, transportLen))
  if (view.getUint16(field) !== pseudo) return
  const sum = sum16(view, from, transportLen)
  if (fold(sum + pseudo) !== 0xffff) view.setUint16(field, sentCheck(~sum & 0xffff))
}

/**
 * Cuts a frame of TCP that is longer than the MTU into segments with complete checksums, as its sender's device would have. Returns false
 * if it is no such frame, or there is no room for all of it: what was cut then is lost too.
 */
export function cutSegments(from: Buffer, view: DataView, len: number, mtu: number, room: FrameRoom): boolean {
  if (!isWhole(view, 0, len) || ip.protocol !== IpProtocol.TCP) return false
  const { id, headerLen, totalLen } = ip
  const transportAt = ETHERNET_LEN + headerLen
  const { headerLen: tcpLen, seq, flags } = tcp.wrap(view, transportAt)
  const headers = transportAt + tcpLen
  const total = ETHERNET_LEN + totalLen - headers
  const size = ETHERNET_LEN + mtu - headers
  if (tcpLen < TCP_MIN_LEN || total <= 0 || size <= 0) return false
  for (let n = 0, done = 0; done < total; n++, done += size) {
    const octets = Math.min(size, total - done)
    const at = room.place(headers + octets)
    if (at < 0) return false
    from.copy(room.octets, at, 0, headers)
    from.copy(room.octets, at + headers, headers + done, headers + done + octets)
    const to = room.slab.view
    ip.wrap(to, at + ETHERNET_LEN).makeSegment(headers - ETHERNET_LEN + octets, (id + n) & 0xffff)
    const isLast = done + octets === total
    tcp
      .wrap(to, at + transportAt)
      .makeSegment((seq + done) >>> 0, flags & ~(n > 0 ? TcpFlag.CWR : 0) & ~(isLast ? 0 : TcpFlag.FIN | TcpFlag.PSH))
    const check = at + transportAt + TCP_CHECKSUM_AT
    to.setUint16(check, 0)
    const sum = pseudoHeaderSum(ip.srcAddr, ip.dstAddr, IpProtocol.TCP, tcpLen + octets)
    to.setUint16(check, ~fold(sum16(to, at + transportAt, tcpLen + octets) + sum) & 0xffff)
  }
  return true
}
