import { errno, ENOBUFS, sendmmsg, SystemError } from '../../../src/linux/libc.js'
import { MessageArray } from '../../../src/linux/message-array.js'
import { parseMac, type Ipv4Addr, type MacAddr } from '../../../src/wire/addr.js'
import { ETHERNET_LEN, EtherType, EthernetView } from '../../../src/wire/ethernet.js'
import { DF, IPV4_MIN_LEN, Ipv4View } from '../../../src/wire/ipv4.js'

/* Frames of any source that a packet socket sends in batches. */

const SENDER = parseMac('02:00:00:00:66:66')!
const [eth, ip] = [new EthernetView(), new Ipv4View()]
/** Where what the IPv4 packet carries begins in a frame. */
export const PAYLOAD_AT = ETHERNET_LEN + IPV4_MIN_LEN

/** Writes a frame's Ethernet and IPv4 headers, before `length` octets of the protocol. */
export function writeHeaders(
  view: DataView,
  at: number,
  to: { readonly mac: MacAddr; readonly addr: Ipv4Addr },
  source: Ipv4Addr,
  protocol: number,
  length: number,
): void {
  eth.wrap(view, at).setDst(to.mac)
  eth.setSrc(SENDER)
  eth.type = EtherType.IPV4
  ip.wrap(view, at + ETHERNET_LEN)
    .build(protocol, IPV4_MIN_LEN + length)
    .withTos(0)
    .withTtl(64)
    .withId(1, DF)
    .finish(source, to.addr)
}

/** What sendmmsg(2) takes: so many pieces of `len` octets, the first at `address`, the others `stride` octets behind one another. */
export function batchOf(address: number, count: number, stride: number, len: number): MessageArray {
  const batch = new MessageArray(count)
  const { view } = batch.memory
  for (let i = 0; i < count; i++) {
    view.setBigUint64(i * 16, BigInt(address + i * stride), true)
    view.setBigUint64(i * 16 + 8, BigInt(len), true)
  }
  return batch
}

/** Sends the first `count` of a batch of frames. Returns how many the kernel took; none where its queue is full. */
export function sendFrames(fd: number, batch: MessageArray, count: number): number {
  const taken: number = sendmmsg(fd, batch.header(0), count, 0)
  if (taken < 0 && errno() !== ENOBUFS) throw new SystemError('sendmmsg')
  return Math.max(0, taken)
}
