import { HEADROOM, VNET_LEN, type Slab } from '../packet/frame.js'
import type { MacAddr } from '../wire/addr.js'
import type { Device, FrameSink } from '../packet/device.js'
import type { FanoutGroup, Sharing } from './fanout.js'
import { interfaceInfo } from '../linux/interface.js'
import { holdInterface, type FrontOptions, type Hold } from '../ebpf/front-attachment.js'
import { heardBehindFront } from '../ebpf/front-filter.js'
import { GiveBack } from './give-back.js'
import { check, close, ENETDOWN, mapMemory, recvfrom, SystemError } from '../linux/libc.js'
import { PacketRing } from './packet-ring.js'
import {
  bindTo,
  isOfVlan,
  isUnbound,
  packetSocket,
  setBuffers,
  SLL_PKTTYPE,
  takeDrops,
} from '../linux/packet-socket.js'
import { ARP_EVERY, ARP_PLACES, ARP_ROOM } from './arp-relay.js'
import { SendQueue } from './send-queue.js'

const ETH_P_ARP = 0x0806
/** Behind the places: the sender's address as recvfrom writes it, and the octets that it may take. */
const SOCKADDR_AT = ARP_PLACES * ARP_ROOM
const SOCKADDR_ROOM = 32
const SOCKADDR_LEN_AT = SOCKADDR_AT + SOCKADDR_ROOM
const BUFFER_OCTETS = 16 * 2 ** 20

export interface RawDeviceOptions {
  /** With the devices of other workers, which are opened one after the other. */
  readonly sharing?: Sharing | undefined
  /** The director's front. Without one nobody claims the interface, and uvs and the kernel's stack both see every frame. */
  readonly front?: FrontOptions | undefined
}

/**
 * An interface by packet sockets: a ring for IPv4, a second socket for ARP, frames sent straight from wherever they lie
 * by sendmmsg. With a front the kernel sees those that uvs does not take; without one every frame: then its side of the
 * interface must hold none of our addresses.
 */
export class RawDevice implements Device {
  readonly name: string
  readonly mac: MacAddr
  readonly mtu: number
  readonly fds: readonly number[]
  /** The number of its interface, where a front's program runs there. */
  readonly frontedBy: number | undefined
  readonly toKernel?: (slab: Slab, at: number, len: number) => boolean
  /** Of the first worker's device, for all. */
  #hold: Hold | undefined
  readonly #giveBack: GiveBack | undefined
  readonly #ring: PacketRing
  readonly #arp: number
  readonly #arpSlab: Slab = mapMemory(SOCKADDR_LEN_AT + 4)
  readonly #queue: SendQueue
  #arpPlace = 0
  #turn = 0
  /** ARP frames of a VLAN. */
  #unusable = 0
  #kernelDrops = 0

  /** Opens the interface, which must exist and be up. SystemError if that cannot be. */
  constructor(name: string, { sharing, front }: RawDeviceOptions = {}) {
    const info = interfaceInfo(name)
    if (!info.isUp) throw new SystemError(name, ENETDOWN)
    this.name = name
    this.mac = info.mac
    this.mtu = info.mtu
    if (front && !sharing?.group) this.#hold = holdInterface(name, info.index, front)
    const isFronted = sharing?.group?.isFronted ?? this.#hold?.way !== undefined
    this.frontedBy = isFronted ? info.index : undefined
    try {
      const filter = front && isFronted ? heardBehindFront(front.mode) : undefined
      this.#ring = new PacketRing(name, info, { filter, isFronted, sharing })
      this.#arp = packetSocket()
      bindTo(this.#arp, info.index, ETH_P_ARP, name)
      setBuffers(this.#ring.fd, BUFFER_OCTETS)
      if (isFronted) {
        const giveBack = new GiveBack(name, info.index)
        this.#giveBack = giveBack
        this.toKernel = (slab, at, len) => giveBack.transmit(slab, at, len)
      }
    } catch (error) {
      this.#release()
      throw error
    }
    this.#queue = new SendQueue(this.#ring.fd, true)
    this.fds = [this.#ring.fd, this.#arp]
  }

  /** Whether its program stays if the process is killed. */
  get isKept(): boolean {
    return this.#hold?.isKept ?? false
  }
  /** For the next worker's device on the same interface. */
  get group(): FanoutGroup | undefined {
    return this.#ring.group
  }

  /** One that shares its interface, and was opened deaf, begins to hear. */
  hear(): void {
    this.#ring.hear()
  }

  /** Its interface has gone. One of the same number may be there: it has been in another namespace meanwhile. */
  get isDead(): boolean {
    return isUnbound(this.#ring.fd)
  }
  /** The interface has gone: gives up the claim to its number, by which it may come back. */
  letGo(): void {
    this.#hold?.close()
    this.#hold = undefined
  }

  /** ARP is looked for in every so many turns: each look is a system call. While it waits, poll(2) comes back at once. */
  receive(sink: FrameSink, budget: number): number {
    const frames = this.#ring.receive(sink, budget)
    if (++this.#turn % ARP_EVERY !== 0) return frames
    return frames + this.#receiveArp(sink)
  }

  transmit(slab: Slab, at: number, len: number): boolean {
    return this.#queue.transmit(slab, at, len)
  }
  flush(): void {
    this.#queue.flush()
    this.#giveBack?.flush()
  }
  release(): void {
    this.#ring.release()
    this.#arpPlace = 0
  }

  get dropped(): number {
    this.#kernelDrops += takeDrops(this.#ring.fd)
    return (
      this.#kernelDrops + this.#ring.unusable + this.#unusable + this.#queue.dropped + (this.#giveBack?.dropped ?? 0)
    )
  }
  close(): void {
    this.#release()
  }

  /** Gives up whatever has been opened: an interface can go while it is being opened. */
  #release(): void {
    this.#ring?.close()
    if (this.#arp !== undefined) check(close(this.#arp), 'close')
    this.#giveBack?.close()
    this.letGo()
  }

  #receiveArp(sink: FrameSink): number {
    const { view, address } = this.#arpSlab
    let frames = 0
    while (this.#arpPlace < ARP_PLACES) {
      const at = this.#arpPlace * ARP_ROOM + HEADROOM + VNET_LEN
      view.setUint32(SOCKADDR_LEN_AT, SOCKADDR_ROOM, true)
      const from = address + SOCKADDR_AT
      const room = ARP_ROOM - HEADROOM - VNET_LEN
      const len: number = recvfrom(this.#arp, address + at, room, 0, from, address + SOCKADDR_LEN_AT)
      if (len <= 0) break
      this.#arpPlace++
      frames++
      if (isOfVlan(view, at, view.getUint8(SOCKADDR_AT + SLL_PKTTYPE), this.mac)) this.#unusable++
      else sink.frame(this.#arpSlab, at, len)
    }
    return frames
  }
}
