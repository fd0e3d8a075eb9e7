import { holdLoopback, type Hold } from '../ebpf/front-attachment.js'
import { heardBehindFront } from '../ebpf/front-filter.js'
import { interfaceInfo } from '../linux/interface.js'
import { ENETDOWN, SystemError } from '../linux/libc.js'
import { setBuffers, takeDrops } from '../linux/packet-socket.js'
import type { Device, FrameSink } from '../packet/device.js'
import type { Slab } from '../packet/frame.js'
import { LOOPBACK_MTU } from '../packet/link.js'
import type { MacAddr } from '../wire/addr.js'
import { PacketRing } from './packet-ring.js'
import { RawIpOut } from './raw-ip-out.js'

/** The same in each namespace. */
export const LOOPBACK = 'lo'
/** Of 496 frames: what programs of one host have under way. Large ones have other places. */
const BLOCKS = 2
const BUFFER_OCTETS = 16 * 2 ** 20

/**
 * The loopback interface, where programs of this host send to virtual services: a ring hears what its front takes, and what goes to the
 * programs leaves by a raw socket. So does what is given back to the kernel. There is no ARP.
 */
export class LoopbackDevice implements Device {
  readonly name = LOOPBACK
  readonly mac: MacAddr = { hi: 0, lo: 0 }
  readonly mtu = LOOPBACK_MTU
  readonly fds: readonly number[]
  readonly #hold: Pick<Hold, 'close'>
  readonly #ring: PacketRing
  readonly #out: RawIpOut
  #kernelDrops = 0

  /** `programFd`: `ProgramFront.loopbackFd`. SystemError where that cannot be, or another director has it. */
  constructor(programFd: number) {
    const info = interfaceInfo(LOOPBACK)
    if (!info.isUp) throw new SystemError(LOOPBACK, ENETDOWN)
    this.#hold = holdLoopback(LOOPBACK, info.index, programFd)
    try {
      this.#out = new RawIpOut()
      this.#ring = new PacketRing(LOOPBACK, info, {
        filter: heardBehindFront('beside'),
        isFronted: true,
        blocks: BLOCKS,
      })
      setBuffers(this.#ring.fd, BUFFER_OCTETS)
    } catch (error) {
      this.#release()
      throw error
    }
    this.fds = [this.#ring.fd]
  }

  receive(sink: FrameSink, budget: number): number {
    return this.#ring.receive(sink, budget)
  }
  transmit(slab: Slab, at: number, len: number): boolean {
    return this.#out.transmit(slab, at, len)
  }
  toKernel(slab: Slab, at: number, len: number): boolean {
    return this.#out.transmit(slab, at, len)
  }
  flush(): void {}
  release(): void {
    this.#ring.release()
  }
  get dropped(): number {
    this.#kernelDrops += takeDrops(this.#ring.fd)
    return this.#kernelDrops + this.#out.dropped + this.#ring.unusable
  }
  close(): void {
    this.#release()
  }

  #release(): void {
    this.#ring?.close()
    this.#out?.close()
    this.#hold.close()
  }
}
