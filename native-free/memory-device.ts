import type { Device, FrameSink } from '../src/packet/device.js'
import { HEADROOM, type Slab, slabOver, VNET_LEN } from '../src/packet/frame.js'
import type { MacAddr } from '../src/wire/addr.js'

/** Octets of a slot before the Ethernet header. 74, so that the IPv4 header after it is aligned to 4. */
const BEFORE_FRAME = HEADROOM + VNET_LEN

export interface MemoryDeviceOptions {
  name: string
  mac: MacAddr
  /** The MTU: octets of an IP packet. Default 1500. */
  mtu?: number
  /** Frames that may wait to be received, a power of two. Default 1024. */
  slots?: number
  /** Bytes of a slot, headroom and virtio-net header included. Default 2048; 66 KiB holds any GSO frame. */
  slotSize?: number
}

/**
 * One end of a wire in memory. A frame sent on one end is copied into a ring of slots at the other end, and stays there,
 * with headroom before it, until the receiver's `release`. `transmit` only notes the frame: `flush` makes the copy,
 * as a kernel would read it then. So a frame that is changed in between is sent changed, as on a packet ring.
 * Nothing is allocated after `link`.
 */
export class MemoryDevice implements Device {
  readonly name: string
  readonly mac: MacAddr
  readonly mtu: number
  readonly fds: readonly number[] = []
  readonly slots: number
  readonly slotSize: number
  dropped = 0

  // The ring: how many frames since start arrived, were handed to the sink, and were released.
  readonly #slab: Slab
  readonly #lens: Int32Array
  #arrived = 0
  #handed = 0
  #released = 0

  // Frames that wait for `flush`: offsets in other devices' slabs.
  #peer: MemoryDevice | undefined
  #queuedSlabs: Slab[] = []
  #queuedAt = new Int32Array(0)
  #queuedLen = new Int32Array(0)
  #queued = 0

  constructor({ name, mac, mtu = 1500, slots = 1024, slotSize = 2048 }: MemoryDeviceOptions) {
    if (slots < 1 || (slots & (slots - 1)) !== 0) throw new RangeError(`slots: ${slots} is not a power of two`)
    if (slotSize < BEFORE_FRAME + 60) throw new RangeError(`slotSize: ${slotSize} holds no Ethernet frame`)
    this.name = name
    this.mac = mac
    this.mtu = mtu
    this.slots = slots
    this.slotSize = slotSize
    this.#slab = slabOver(new ArrayBuffer(slots * slotSize))
    this.#lens = new Int32Array(slots)
  }

  /** Connects `a` and `b` by one wire. */
  static link(a: MemoryDevice, b: MemoryDevice): void {
    if (a === b || a.#peer || b.#peer) throw new RangeError(`${a.name}, ${b.name}: one wire has two free ends`)
    a.#attach(b)
    b.#attach(a)
  }

  receive(sink: FrameSink, budget: number): number {
    const first = this.#handed
    const last = Math.min(this.#arrived, first + budget)
    while (this.#handed < last) {
      const slot = this.#handed++ & (this.slots - 1)
      sink.frame(this.#slab, slot * this.slotSize + BEFORE_FRAME, this.#lens[slot]!)
    }
    return last - first
  }

  transmit(slab: Slab, at: number, len: number): boolean {
    const peer = this.#peer
    if (!peer || peer.#free <= this.#queued || len > peer.slotSize - BEFORE_FRAME) {
      this.dropped++
      return false
    }
    this.#queuedSlabs[this.#queued] = slab
    this.#queuedAt[this.#queued] = at
    this.#queuedLen[this.#queued] = len
    this.#queued++
    return true
  }

  flush(): void {
    const peer = this.#peer
    if (!peer) return
    for (let i = 0; i < this.#queued; i++) {
      peer.#accept(this.#queuedSlabs[i]!, this.#queuedAt[i]!, this.#queuedLen[i]!)
    }
    this.#queued = 0
  }

  release(): void {
    this.#released = this.#handed
  }

  /** Removes the wire from both ends: frames sent on either are lost from now on. */
  close(): void {
    const peer = this.#peer
    this.#peer = undefined
    this.#queued = 0
    peer?.close()
  }

  get #free(): number {
    return this.slots - (this.#arrived - this.#released)
  }

  #attach(peer: MemoryDevice): void {
    this.#peer = peer
    this.#queuedSlabs = Array.from({ length: peer.slots }, () => peer.#slab)
    this.#queuedAt = new Int32Array(peer.slots)
    this.#queuedLen = new Int32Array(peer.slots)
  }

  /** The copy that stands for the wire: the virtio-net header, then the frame. */
  #accept(slab: Slab, at: number, len: number): void {
    const slot = this.#arrived++ & (this.slots - 1)
    copy(slab.view, at - VNET_LEN, this.#slab.view, slot * this.slotSize + HEADROOM, VNET_LEN + len)
    this.#lens[slot] = len
  }
}

/** Copies word by word: `Uint8Array.set` would need a `subarray`, an object for each frame. */
function copy(from: DataView, at: number, to: DataView, toAt: number, len: number): void {
  const whole = len & ~3
  for (let i = 0; i < whole; i += 4) to.setInt32(toAt + i, from.getInt32(at + i))
  for (let i = whole; i < len; i++) to.setUint8(toAt + i, from.getUint8(at + i))
}
