import { type Cidr, formatIpv4, type Ipv4Addr, parseCidr, parseIpv4 } from '../src/wire/addr.js'
import { ETHERNET_LEN, EthernetView, EtherType } from '../src/wire/ethernet.js'
import { DF, IPV4_MIN_LEN, Ipv4View } from '../src/wire/ipv4.js'
import type { Device, FrameSink } from '../src/packet/device.js'
import { type Slab, slabOver } from '../src/packet/frame.js'
import { sumOctets } from './checksum.js'
import type { Station } from './network.js'
import { Resolver } from './resolver.js'
import { checksumIsRight, fillChecksum } from './transport-checksum.js'

const BUDGET = 256
/** The offset at which a host writes a frame to send: room for the virtio-net header before it, and for 64 KiB after it. */
const TX_AT = 128
const TX_BYTES = TX_AT + ETHERNET_LEN + 0x10000
const TTL = 64

/** A received IP packet, whole and valid, as its protocol gets it. The octets are borrowed: valid during the call only. */
export interface Datagram {
  src: Ipv4Addr
  dst: Ipv4Addr
  /** Transport header and payload. */
  octets: Uint8Array
}

/** A protocol above IP. */
export interface Transport {
  readonly protocol: number
  input(datagram: Datagram, now: number): void
  tick?(now: number): void
}

export interface HostOptions {
  name: string
  device: Device
  /** '192.168.10.10/24' */
  address: string
  /** The next hop for everything outside `address`'s network. */
  gateway?: string
  /**
   * Leave transport checksums to the device and send TCP data in pieces of up to 64 KiB, as Linux does on a veth
   * (virtio 1.2 §5.1.6.2: VIRTIO_NET_HDR_F_NEEDS_CSUM, GSO). The devices' slots must be large enough.
   */
  offload?: boolean
}

/** Errors that a host has counted. */
export interface HostErrors {
  /** Packets whose IP, TCP, UDP or ICMP checksum was wrong. */
  checksum: number
  malformed: number
  /** Packets not for this host: another address, or an unknown protocol. */
  stray: number
}

/** A small virtual host: Ethernet, ARP and IPv4; transports are added with `speak`. */
export class VirtualHost implements Station {
  readonly name: string
  readonly addr: Ipv4Addr
  readonly offload: boolean
  readonly mtu: number
  readonly errors: HostErrors = { checksum: 0, malformed: 0, stray: 0 }
  now = 0

  readonly #device: Device
  readonly #network: Cidr
  readonly #gateway: Ipv4Addr | undefined
  readonly #resolver: Resolver
  readonly #transports = new Map<number, Transport>()
  readonly #tx = slabOver(new ArrayBuffer(TX_BYTES))
  readonly #ethernet = new EthernetView()
  readonly #ip = new Ipv4View()
  readonly #sink: FrameSink = { frame: (slab, at, len) => this.#receive(slab, at, len) }
  #id = 0

  constructor({ name, device, address, gateway, offload = false }: HostOptions) {
    const network = parseCidr(address)
    const via = gateway === undefined ? undefined : parseIpv4(gateway)
    if (!network || (gateway !== undefined && via === undefined))
      throw new RangeError(`${name}: ${address}, ${gateway}`)
    this.name = name
    this.addr = network.addr
    this.offload = offload
    this.mtu = device.mtu
    this.#device = device
    this.#network = network
    this.#gateway = via
    this.#resolver = new Resolver(device, network.addr)
  }

  /** Registers a transport for the packets of its protocol. */
  speak<T extends Transport>(transport: T): T {
    this.#transports.set(transport.protocol, transport)
    return transport
  }

  turn(now: number): number {
    this.now = now
    const frames = this.#device.receive(this.#sink, BUDGET)
    this.#device.release()
    for (const transport of this.#transports.values()) transport.tick?.(now)
    this.#resolver.tick(now)
    return frames
  }

  /** Sends an IP packet. `octets`: transport header and payload; the checksum field is filled in here. */
  send(dst: Ipv4Addr, protocol: number, octets: Uint8Array): void {
    const onLink = ((dst ^ this.#network.addr) & this.#network.mask) === 0
    const nextHop = onLink ? dst : this.#gateway
    if (nextHop === undefined) throw new RangeError(`${this.name}: no route to ${formatIpv4(dst)}`)
    this.#resolver.withMac(nextHop, mac => {
      const { bytes, view } = this.#tx
      const len = ETHERNET_LEN + IPV4_MIN_LEN + octets.length
      this.#ethernet.wrap(view, TX_AT).setDst(mac)
      this.#ethernet.setSrc(this.#device.mac)
      this.#ethernet.type = EtherType.IPV4
      this.#id = (this.#id + 1) & 0xffff
      const ipLen = IPV4_MIN_LEN + octets.length
      const ip = this.#ip.wrap(view, TX_AT + ETHERNET_LEN)
      ip.build(protocol, ipLen).withTos(0).withTtl(TTL).withId(this.#id, DF).finish(this.addr, dst)
      bytes.set(octets, TX_AT + ETHERNET_LEN + IPV4_MIN_LEN)
      fillChecksum(this.#tx, TX_AT, protocol, this.offload, this.mtu)
      this.#device.transmit(this.#tx, TX_AT, len)
      this.#device.flush()
    })
  }

  #receive(slab: Slab, at: number, len: number): void {
    const ethernet = this.#ethernet.wrap(slab.view, at)
    if (!ethernet.isGroup && !ethernet.isTo(this.#device.mac)) return
    if (ethernet.type === EtherType.ARP) this.#resolver.input(slab, at + ETHERNET_LEN, len - ETHERNET_LEN)
    else if (ethernet.type === EtherType.IPV4) this.#ipv4(slab, at, len - ETHERNET_LEN)
  }

  #ipv4(slab: Slab, at: number, len: number): void {
    const ipAt = at + ETHERNET_LEN
    const ip = this.#ip.wrap(slab.view, ipAt)
    if (!ip.isValid(len) || ip.isFragment) this.errors.malformed++
    else if (sumOctets(slab.bytes.subarray(ipAt, ipAt + ip.headerLen)) !== 0xffff || !checksumIsRight(slab, at))
      this.errors.checksum++
    else {
      const transport = ip.dstAddr === this.addr ? this.#transports.get(ip.protocol) : undefined
      const octets = slab.bytes.subarray(ipAt + ip.headerLen, ipAt + ip.totalLen)
      if (transport) transport.input({ src: ip.srcAddr, dst: ip.dstAddr, octets }, this.now)
      else this.errors.stray++
    }
  }
}
