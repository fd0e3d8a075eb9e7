import { VNET_LEN, type Slab } from '../packet/frame.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { pseudoHeaderSum, sum16 } from '../wire/checksum.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { GreView } from '../wire/gre.js'
import { GueView } from '../wire/gue.js'
import { IpProtocol, IPV4_MIN_LEN, Ipv4View } from '../wire/ipv4.js'
import { TCP_MIN_LEN, TcpView } from '../wire/tcp.js'
import { UDP_LEN, UdpView } from '../wire/udp.js'
import { GsoType, VirtioNetView } from '../wire/virtio-net.js'
import { Fate } from './fate.js'

export interface DecapsulationOptions {
  /** Addresses that inner packets may have as their destination. */
  vips: readonly Ipv4Addr[]
  /** The UDP port of GUE; 0 to do without. */
  guePort: number
  /** Whether an outer destination is this host. */
  isOwn(addr: Ipv4Addr): boolean
}

/**
 * Takes the outer headers off a frame, in place: IPIP (RFC 2003), GRE (RFC 2784) and GUE. Offload work that is left in
 * the virtio-net header (checksum, segmentation) is carried over to the inner packet.
 */
export class Decapsulation {
  /** The inner packet of the frame that was read last. The 10 octets before it are its virtio-net header. */
  at = 0
  len = 0
  readonly #vips: ReadonlySet<Ipv4Addr>
  readonly #options: DecapsulationOptions
  readonly #outer = new Ipv4View()
  readonly #inner = new Ipv4View()
  readonly #udp = new UdpView()
  readonly #tcp = new TcpView()
  readonly #offload = new VirtioNetView()
  readonly #gre = new GreView()
  readonly #gue = new GueView()

  constructor(options: DecapsulationOptions) {
    this.#options = options
    this.#vips = new Set(options.vips)
  }

  /** Reads the frame of `len` octets at `at`. With Fate IPIP, GRE or GUE the inner packet is ready for a TUN device. */
  read({ view }: Slab, at: number, len: number): Fate {
    const packet = at + ETHERNET_LEN
    const outer = this.#outer.wrap(view, packet)
    if (!outer.isValid(len - ETHERNET_LEN) || !outer.checksumOk) return Fate.OUTER_MALFORMED
    if (outer.isFragment) return Fate.OUTER_FRAGMENT
    if (!this.#options.isOwn(outer.dstAddr)) return Fate.OUTER_NOT_OURS
    this.#offload.wrap(view, at - VNET_LEN)
    this.at = packet + outer.headerLen
    this.len = outer.totalLen - outer.headerLen
    const fate = this.#readTunnel(view)
    return fate > Fate.GUE ? fate : this.#readInner(view, at, fate)
  }

  #readTunnel(view: DataView): Fate {
    switch (this.#outer.protocol) {
      case IpProtocol.IPIP:
        return Fate.IPIP
      case IpProtocol.GRE:
        return this.#readGre(view)
      case IpProtocol.UDP:
        return this.#readGue(view)
      default:
        return Fate.NOT_A_TUNNEL
    }
  }

  /** A partial checksum means that the frame was never on a wire: the checksums that it covers cannot be verified yet. */
  #readGre(view: DataView): Fate {
    const gre = this.#gre.wrap(view, this.at)
    if (!gre.isValid(this.len)) return Fate.GRE_UNKNOWN
    if (!this.#offload.isPartial && !gre.checksumOk(this.len)) return Fate.GRE_CHECKSUM
    this.#skip(gre.headerLen)
    return Fate.GRE
  }

  #readGue(view: DataView): Fate {
    const udp = this.#udp.wrap(view, this.at)
    if (!udp.isValid(this.len)) return Fate.OUTER_MALFORMED
    if (udp.dstPort !== this.#options.guePort || udp.dstPort === 0) return Fate.NOT_A_TUNNEL
    this.len = udp.length
    if (udp.checksum !== 0 && !this.#offload.isTrusted) {
      const { srcAddr, dstAddr } = this.#outer
      const pseudo = pseudoHeaderSum(srcAddr, dstAddr, IpProtocol.UDP, this.len)
      if (sum16(view, this.at, this.len, pseudo) !== 0xffff) return Fate.GUE_CHECKSUM
    }
    this.#skip(UDP_LEN)
    const gue = this.#gue.wrap(view, this.at)
    if (!gue.isValid(this.len)) return Fate.GUE_UNKNOWN
    this.#skip(gue.headerLen)
    return Fate.GUE
  }

  #skip(octets: number): void {
    this.at += octets
    this.len -= octets
  }

  #readInner(view: DataView, frame: number, fate: Fate): Fate {
    const inner = this.#inner.wrap(view, this.at)
    if (this.len < IPV4_MIN_LEN || !inner.isValid(this.len) || !inner.checksumOk) return Fate.INNER_MALFORMED
    if (!this.#vips.has(inner.dstAddr)) return Fate.INNER_NOT_VIP
    this.len = inner.totalLen
    return this.#handOver(view, frame, fate) ? fate : Fate.OFFLOAD
  }

  /** Writes the inner packet's virtio-net header from the frame's, which may overlap it. */
  #handOver(view: DataView, frame: number, fate: Fate): boolean {
    const { isPartial, gsoType, gsoSize, csumOffset } = this.#offload
    const start = this.#offload.csumStart - (this.at - frame)
    const gue = this.#gue
    const header = this.#offload.wrap(view, this.at - VNET_LEN)
    if (fate === Fate.GUE && gue.leavesChecksum) {
      if (gsoType !== 0) return false
      return this.#setPartial(header, gue.checksumStart, gue.checksumAt - gue.checksumStart)
    }
    // A checksum that starts before the inner packet is the outer UDP's: the inner one is complete.
    if (!isPartial || start < 0) {
      header.clear()
      return gsoType === 0
    }
    if (!this.#setPartial(header, start, csumOffset)) return false
    return gsoType === 0 || this.#setGso(view, header, gsoType, gsoSize, start)
  }

  #setPartial(header: VirtioNetView, start: number, offset: number): boolean {
    header.leaveChecksum(start, offset)
    return start >= this.#inner.headerLen && start + offset + 2 <= this.len
  }

  /** Segmentation of the inner packet: the sender left it to the device, or our kernel's GRO joined segments. */
  #setGso(view: DataView, header: VirtioNetView, type: number, size: number, start: number): boolean {
    if (start !== this.#inner.headerLen || size === 0) return false
    const room = this.len - start
    const { protocol } = this.#inner
    if (protocol === IpProtocol.UDP && type === GsoType.UDP_L4 && room >= UDP_LEN) {
      header.setGso(type, size, start + UDP_LEN)
      return true
    }
    const isTcp = protocol === IpProtocol.TCP && (type & ~GsoType.ECN) === GsoType.TCPV4 && room >= TCP_MIN_LEN
    if (!isTcp || !this.#tcp.wrap(view, this.at + start).isValid(room)) return false
    header.setGso(type, size, start + this.#tcp.headerLen)
    return true
  }
}
