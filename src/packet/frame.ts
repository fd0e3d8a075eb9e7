import type { Link } from './link.js'

/** Octets of the virtio-net header that stands right before every frame's Ethernet header (virtio 1.2 §5.1.6). */
export const VNET_LEN = 10

/** Octets that a device leaves free before the virtio-net header: room for an ICMP error's headers (28) or a tunnel's. */
export const HEADROOM = 64

/**
 * Memory that holds frames. Allocated once by the device that owns it; the core rewrites frames in it and sends from it
 * without a copy. `address` is its native address for system calls, 0 if only JavaScript uses it.
 */
export interface Slab {
  readonly bytes: Uint8Array
  readonly view: DataView<ArrayBufferLike>
  readonly address: number
}

/** A slab over a buffer. `address`: its native address, if system calls read it. */
export function slabOver(buffer: ArrayBufferLike, address = 0): Slab {
  return { bytes: new Uint8Array(buffer), view: new DataView(buffer), address }
}

/** Whether `len` octets at `at` lie in the slab, with headroom and a virtio-net header before them. */
export function liesIn({ bytes }: Slab, at: number, len: number): boolean {
  return (at | 0) === at && at >= HEADROOM + VNET_LEN && len >= 0 && at + len <= bytes.length
}

/** Where the core hands over frames to send. A frame stays where it is until the link's device has flushed. */
export interface Egress {
  /**
   * Sends the `len` octets at `at`, Ethernet header first, through the link; the 10 octets before `at` are its
   * virtio-net header. Returns false if the device's bounded queue is full.
   */
  transmit(link: Link, slab: Slab, at: number, len: number): boolean
  /**
   * Hands a frame that came in by the link to the host's kernel, as if it had just arrived. Undefined without a kernel
   * beside.
   */
  toKernel?(link: Link, slab: Slab, at: number, len: number): boolean
}
