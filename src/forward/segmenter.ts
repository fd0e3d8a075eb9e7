/*
 * Cuts a GSO frame into its segments, as the kernel does where the device cannot: before a tunnel, and where a segment is
 * larger than the MTU and may be fragmented. TCP (virtio 1.2 §5.1.6.2, GSO_TCPV4) and UDP (GSO_UDP_L4). The device still
 * completes the checksums. The virtio-net header has been checked (packet/virtio).
 */
import { Packet } from '../packet/packet.js'
import type { TurnMemory } from '../packet/turn-memory.js'
import { Verdict } from '../packet/verdict.js'
import { updateSum16 } from '../wire/checksum.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { IpProtocol } from '../wire/ipv4.js'
import { TCP_CHECKSUM_AT, TCP_MIN_LEN, TcpFlag } from '../wire/tcp.js'
import { UDP_CHECKSUM_AT, UDP_LEN, UDP_LENGTH_AT } from '../wire/udp.js'
import { GsoType } from '../wire/virtio-net.js'
import type { PieceSink } from './fragmenter.js'
import type { Hop } from './hop.js'

export class Segmenter {
  readonly #memory: TurnMemory
  readonly #segment = new Packet()

  constructor(memory: TurnMemory) {
    this.#memory = memory
  }

  /**
   * Sends each segment of the GSO packet. Returns SENT, or the verdict on the first segment not sent. Stops when the turn's
   * memory is used up: 64 KiB in segments of one octet need more than a turn has.
   */
  split(packet: Packet, hop: Hop, sink: PieceSink): Verdict {
    const isTcp = packet.protocol === IpProtocol.TCP
    const transportLen = isTcp ? packet.tcp.wrap(packet.slab.view, packet.transportAt).headerLen : UDP_LEN
    const size = packet.vnet.gsoSize
    const total = packet.transportLen - transportLen
    if (transportLen < (isTcp ? TCP_MIN_LEN : UDP_LEN) || total <= 0 || !isWhatItSays(packet))
      return Verdict.DROP_TOO_BIG
    let verdict: Verdict = Verdict.SENT
    for (let n = 0; n * size < total; n++) {
      const sent = this.#make(packet, transportLen, n) ? sink.piece(this.#segment, hop) : Verdict.DROP_NO_MEMORY
      if (verdict === Verdict.SENT) verdict = sent
      if (sent === Verdict.DROP_NO_MEMORY) break
    }
    return verdict
  }

  /** Makes the nth segment, from 0. Returns false without memory. */
  #make(packet: Packet, transportLen: number, n: number): boolean {
    const memory = this.#memory
    const total = packet.transportLen - transportLen
    const from = n * packet.vnet.gsoSize
    const to = Math.min(from + packet.vnet.gsoSize, total)
    const payload = packet.transportAt + transportLen
    const headers = payload - packet.at
    const len = headers + to - from
    const at = memory.place(len)
    if (at < 0) return false
    const { bytes } = packet.slab
    const { bytes: room, view } = memory.slab
    room.set(bytes.subarray(packet.at, payload), at)
    room.set(bytes.subarray(payload + from, payload + to), at + headers)
    const segment = this.#segment.wrap(packet.link, memory.slab, at, len)
    const isTcp = packet.protocol === IpProtocol.TCP
    segment.vnet.leaveChecksum(packet.transportAt - packet.at, isTcp ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT)
    segment.wrapIp()
    segment.ipLen = len - ETHERNET_LEN
    segment.protocol = packet.protocol
    segment.largestPiece = 0
    segment.transportAt = at + packet.transportAt - packet.at
    segment.transportLen = transportLen + to - from
    segment.ip.makeSegment(segment.ipLen, (packet.ip.id + n) & 0xffff)
    const { transportAt } = segment
    const checkAt = transportAt + (isTcp ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT)
    // The field holds the pseudo header's sum, which includes the length.
    view.setUint16(checkAt, updateSum16(view.getUint16(checkAt), packet.transportLen, segment.transportLen))
    if (!isTcp) {
      view.setUint16(transportAt + UDP_LENGTH_AT, segment.transportLen)
      return true
    }
    const tcp = segment.tcp.wrap(view, transportAt)
    let { flags } = tcp
    if (from > 0) flags &= ~TcpFlag.CWR
    if (to < total) flags &= ~(TcpFlag.FIN | TcpFlag.PSH)
    tcp.makeSegment((tcp.seq + from) >>> 0, flags)
    return true
  }
}

/** Whether the GSO type is the protocol's. False too where the segments are a tunnelled packet's (VXLAN). */
function isWhatItSays({ protocol, vnet, transportAt, at }: Packet): boolean {
  if (!vnet.isPartial || vnet.csumStart !== transportAt - at) return false
  if (protocol === IpProtocol.TCP) return (vnet.gsoType & ~GsoType.ECN) === GsoType.TCPV4
  return protocol === IpProtocol.UDP && vnet.gsoType === GsoType.UDP_L4
}
