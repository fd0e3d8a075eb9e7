import type { FrameSink } from '../../src/packet/device.js'
import { mapMemory } from '../../src/linux/libc.js'
import { Poller } from '../../src/linux/poller.js'
import { RawDevice } from '../../src/io/raw-device.js'
import { HEADROOM, VNET_LEN, type Slab } from '../../src/packet/frame.js'
import { formatIpv4, formatMac, parseMac, type Ipv4Addr } from '../../src/wire/addr.js'
import { pseudoHeaderSum, sum16 } from '../../src/wire/checksum.js'
import { Ipv4View, IpProtocol } from '../../src/wire/ipv4.js'
import { arp } from '../support/frames.js'

/*
 * A director of one VIP and one real server, for tests of the real server's side: answers ARP for the VIP, puts what comes
 * for it into a tunnel as it is, offloaded checksum and all, and cuts the outer packet into fragments where it exceeds 1500.
 *
 *   node tunnel-sender.js IF VIP DIP RIP RIP-MAC ipip|gre|gre-csum|gue|gue-csum|gue-remcsum
 */

const [name = '', vip = '', dip = '', rip = '', ripMac = '', kind = ''] = process.argv.slice(2)
const MTU = 1500
const GUE_PORT = 6080

const addr = (text: string): Ipv4Addr => text.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0) as Ipv4Addr
const device = new RawDevice(name)
const mac = device.mac
const to = parseMac(ripMac)!
const inner = new Ipv4View()
const outer = new Ipv4View()
const pieces: Slab = mapMemory(64 * 66_112)
let piece = 0

const HEADERS: Record<string, number> = { ipip: 0, gre: 4, 'gre-csum': 8, gue: 12, 'gue-csum': 12, 'gue-remcsum': 20 }
const between = HEADERS[kind]!
const protocol = kind === 'ipip' ? IpProtocol.IPIP : kind.startsWith('gre') ? IpProtocol.GRE : IpProtocol.UDP

const sink: FrameSink = {
  frame(slab, at, len) {
    const { view } = slab
    if (view.getUint16(at + 12) === 0x0806) return answerArp(slab, at)
    if (len < 34 || formatIpv4(view.getInt32(at + 30) as Ipv4Addr) !== vip) return
    const ip = at + 14
    const whole = inner.wrap(view, ip).totalLen
    const start = ip - between - 20
    const frame = start - 14
    const partial = (view.getUint8(at - VNET_LEN) & 1) !== 0
    const csumAt = view.getUint16(at - VNET_LEN + 6, true)
    const csumOffset = view.getUint16(at - VNET_LEN + 8, true)
    const completes = kind !== 'ipip' && (kind.endsWith('csum') || kind === 'gue-remcsum')
    if (partial && kind !== 'gue-remcsum' && (completes || whole + between + 20 > MTU)) {
      view.setUint16(at + csumAt + csumOffset, ~sum16(view, at + csumAt, 14 + whole - csumAt) & 0xffff)
    }
    const keepsPartial = partial && !completes && whole + between + 20 <= MTU
    writeBetween(view, start + 20, whole, partial ? csumAt - 14 : 0, csumOffset)
    const total = 20 + between + whole
    outer
      .wrap(view, start)
      .build(protocol, total)
      .withTos(0)
      .withTtl(64)
      .withId(77 + piece, 0)
      .finish(addr(dip), addr(rip))
    const offload = frame - VNET_LEN
    for (let i = 0; i < VNET_LEN; i++) view.setUint8(offload + i, 0)
    if (keepsPartial) {
      view.setUint8(offload, 1)
      view.setUint16(offload + 6, csumAt + between + 20, true)
      view.setUint16(offload + 8, csumOffset, true)
    }
    view.setUint16(frame, to.hi)
    view.setUint32(frame + 2, to.lo)
    view.setUint16(frame + 6, mac.hi)
    view.setUint32(frame + 8, mac.lo)
    view.setUint16(frame + 12, 0x0800)
    if (total <= MTU) device.transmit(slab, frame, 14 + total)
    else cut(slab, frame, total)
  },
}

function writeBetween(view: DataView, at: number, len: number, csumStart: number, csumOffset: number): void {
  if (kind.startsWith('gre')) {
    view.setUint32(at, 0x0800)
    if (kind === 'gre') return
    view.setUint32(at, 0x8000_0800)
    view.setUint32(at + 4, 0)
    view.setUint16(at + 4, ~sum16(view, at, 8 + len) & 0xffff)
  } else if (kind.startsWith('gue')) {
    view.setUint32(at, (40_000 << 16) | GUE_PORT)
    view.setUint32(at + 4, (between + len) << 16)
    const remote = kind === 'gue-remcsum' && csumStart > 0
    view.setUint32(at + 8, kind === 'gue-remcsum' ? 0x0204_0001 : 0x0004_0000)
    if (kind === 'gue-remcsum') {
      view.setUint32(at + 12, remote ? 0x8000_0000 : 0)
      view.setUint32(at + 16, remote ? (csumStart << 16) | (csumStart + csumOffset) : 0)
    }
    if (kind === 'gue') return
    const pseudo = pseudoHeaderSum(addr(dip), addr(rip), IpProtocol.UDP, between + len)
    view.setUint16(at + 6, ~sum16(view, at, between + len, pseudo) & 0xffff || 0xffff)
  }
}

/** Copies the outer packet out, a fragment each. */
function cut({ view, bytes }: Slab, frame: number, total: number): void {
  const id = view.getUint16(frame + 18)
  const most = (MTU - 20) & ~7
  for (let offset = 0; offset < total - 20; offset += most) {
    const len = Math.min(most, total - 20 - offset)
    piece = (piece + 1) % 1984
    const at = piece * 2112 + HEADROOM + VNET_LEN
    pieces.bytes.fill(0, at - VNET_LEN, at)
    pieces.bytes.set(bytes.subarray(frame, frame + 14), at)
    const flags = (offset >>> 3) | (offset + len < total - 20 ? 0x2000 : 0)
    outer
      .wrap(pieces.view, at + 14)
      .build(protocol, 20 + len)
      .withTos(0)
      .withTtl(64)
      .withId(id, flags)
      .finish(addr(dip), addr(rip))
    pieces.bytes.set(bytes.subarray(frame + 34 + offset, frame + 34 + offset + len), at + 34)
    device.transmit(pieces, at, 34 + len)
  }
}

function answerArp({ view, bytes }: Slab, at: number): void {
  if (view.getUint16(at + 20) !== 1 || formatIpv4(view.getInt32(at + 38) as Ipv4Addr) !== vip) return
  const hex = [...bytes.subarray(at + 22, at + 28)].map(octet => octet.toString(16).padStart(2, '0')).join(':')
  const senderAddr = vip
  const targetAddr = formatIpv4(view.getInt32(at + 28) as Ipv4Addr)
  const reply = arp({ operation: 'reply', senderMac: formatMac(mac), senderAddr, targetMac: hex, targetAddr })
  piece = (piece + 1) % 1984
  const place = piece * 2112 + HEADROOM + VNET_LEN
  pieces.bytes.fill(0, place - VNET_LEN, place)
  pieces.bytes.set(reply, place)
  device.transmit(pieces, place, reply.length)
}

const poller = new Poller(device.fds)
process.stdout.write('ready\n')
for (;;) {
  if (device.receive(sink, 256) === 0) poller.wait(20)
  device.flush()
  device.release()
}
