import { HEADROOM, VNET_LEN, type Slab } from '../packet/frame.js'
import type { MacAddr } from '../wire/addr.js'
import { ArpRelay, type ArpRelayEnds } from './arp-relay.js'
import type { Device, FrameSink } from '../packet/device.js'
import { bringUp, ifreq, interfaceInfo } from '../linux/interface.js'
import { check, close, EINVAL, errno, ioctl, ioctlNumber, mapMemory, read, SystemError } from '../linux/libc.js'
import { IFF_NO_PI, IFF_VNET_HDR, openTun, TUNSETIFF, TUNSETVNETHDRSZ } from '../linux/open-tun.js'
import { LARGEST_PLACE } from './large-frames.js'
import { openWriteQueue } from './open-write-queue.js'
import type { WriteQueue } from './write-queue.js'

// linux/if_tun.h
const TUNSETOFFLOAD = 0x400454d0
const TUNSETSTEERINGEBPF = 0x800454e0
const IFF_TAP = 0x0002
const IFF_MULTI_QUEUE = 0x0100
const TUN_F_CSUM = 1
const TUN_F_TSO4 = 2
const TUN_F_TSO6 = 4

/** Octets of frames in one turn: they lie one behind the other, so that small ones stay in the processor's cache. */
const MOST_OCTETS = 2 ** 20
/** Frames begin on a multiple of it. */
const CACHE_LINE = 64

/** How a worker shares a TAP device with others. Plain data: it can be posted to threads. */
export interface TapSharing {
  /** The program that says whose a frame is, by the order in which they opened the device: `Steering.tapFd`. */
  readonly programFd: number
  /** ARP comes to the first worker only. */
  readonly arp: ArpRelayEnds
}

/**
 * A TAP device: the kernel's end is an interface of that name, ours a file, one frame a read or write. It is made if it
 * does not exist, and is gone with us then.
 */
export class TapDevice implements Device {
  readonly name: string
  readonly mac: MacAddr
  readonly mtu: number
  readonly fds: readonly number[]
  readonly #fd: number
  readonly #relay: ArpRelay | undefined
  readonly #queue: WriteQueue
  readonly #slab: Slab = mapMemory(MOST_OCTETS + LARGEST_PLACE)
  /** Where the next frame's headroom begins. */
  #next = 0

  /**
   * Makes or takes the TAP device and sets it up. `mac` is ours; it must differ from the interface's own, because a
   * bridge that the TAP belongs to keeps frames to the latter for itself. `sharing`: a queue of its own for each worker;
   * they open the device one after the other.
   */
  constructor(name: string, mac: MacAddr, sharing?: TapSharing) {
    this.name = name
    this.mac = mac
    this.#fd = openTun()
    try {
      const request = ifreq(name)
      const queues = sharing === undefined ? 0 : IFF_MULTI_QUEUE
      const made = ` (if it exists, it must be a TAP made ${queues === 0 ? 'without' : 'with'} multi_queue)`
      request.writeUInt16LE(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | queues, 16)
      if (ioctl(this.#fd, TUNSETIFF, request) < 0)
        throw new SystemError(`TAP device ${name}${errno() === EINVAL ? made : ''}`)
      if (sharing !== undefined) this.#steer(sharing)
      check(ioctl(this.#fd, TUNSETVNETHDRSZ, Buffer.from(Int32Array.of(VNET_LEN).buffer)), `${name}: virtio headers`)
      check(ioctlNumber(this.#fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6), `${name}: offloads`)
      bringUp(name)
      this.mtu = interfaceInfo(name).mtu
    } catch (error) {
      close(this.#fd)
      throw error
    }
    this.#queue = openWriteQueue(this.#fd)
    this.#relay = sharing === undefined ? undefined : new ArpRelay(sharing.arp)
    this.fds = [this.#fd, ...(this.#relay?.fds ?? [])]
  }

  receive(sink: FrameSink, budget: number): number {
    let frames = 0
    while (frames < budget && this.#next < MOST_OCTETS) {
      const at = this.#next + HEADROOM + VNET_LEN
      const octets: number = read(this.#fd, this.#slab.address + at - VNET_LEN, LARGEST_PLACE - HEADROOM)
      if (octets <= 0) break
      this.#next = (this.#next + HEADROOM + octets + CACHE_LINE - 1) & -CACHE_LINE
      frames++
      if (octets <= VNET_LEN) continue
      this.#relay?.pass(this.#slab, at, octets - VNET_LEN)
      sink.frame(this.#slab, at, octets - VNET_LEN)
    }
    return this.#relay === undefined ? frames : frames + this.#relay.receive(sink)
  }

  transmit(slab: Slab, at: number, len: number): boolean {
    return this.#queue.transmit(slab, at, len)
  }
  flush(): void {
    this.#queue.flush()
  }
  release(): void {
    this.#relay?.release()
    this.#next = 0
  }

  get dropped(): number {
    return this.#queue.dropped + (this.#relay?.dropped ?? 0)
  }
  close(): void {
    this.#queue.close()
    check(close(this.#fd), 'close')
    this.#relay?.close()
  }

  #steer({ programFd }: TapSharing): void {
    const program = Buffer.from(Int32Array.of(programFd).buffer)
    check(ioctl(this.#fd, TUNSETSTEERINGEBPF, program), `${this.name}: the program that steers frames to workers`)
  }
}

/** The MAC of a TAP device's director when none is given: locally administered, the same for the same name. */
export function macOfName(name: string): MacAddr {
  let hash = 0x811c9dc5 // FNV-1a
  for (const octet of Buffer.from(name)) hash = Math.imul(hash ^ octet, 0x01000193)
  return { hi: 0x0200 | (name.length & 0xff), lo: hash >>> 0 }
}
