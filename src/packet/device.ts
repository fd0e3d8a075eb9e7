import type { Slab } from './frame.js'
import type { MacAddr } from '../wire/addr.js'

/** Takes frames without a copy. It may rewrite a frame in place until the device's `release`. */
export interface FrameSink {
  /** `len` octets at `at`, Ethernet header first; the 10 octets before `at` are the virtio-net header, headroom before that. */
  frame(slab: Slab, at: number, len: number): void
}

/**
 * Frames in, frames out. One turn of the loop is: `receive` on every device, `flush` on every device, `release` on
 * every device. Between receive and release the octets stay where they are, so that a frame received on one device
 * can leave by another without a copy. No call blocks; to wait, poll `fds`.
 */
export interface Device {
  readonly name: string
  readonly mac: MacAddr
  readonly mtu: number
  /** File descriptors that become readable when frames are waiting; empty for a device in memory. */
  readonly fds: readonly number[]
  /** Hands at most `budget` waiting frames to the sink. Returns how many. */
  receive(sink: FrameSink, budget: number): number
  /** Queues a frame of any device's slab. Returns false when the queue is full: the frame is lost and counted in `dropped`. */
  transmit(slab: Slab, at: number, len: number): boolean
  /**
   * Queues a frame that came in here for the host's kernel: it comes in by the interface once more, and not to uvs. Returns false
   * when the queue is full. Undefined without a kernel beside.
   */
  toKernel?(slab: Slab, at: number, len: number): boolean
  /** Sends what is queued. */
  flush(): void
  /** Returns the received frames' memory to the device. */
  release(): void
  /** Frames lost by the device or by the kernel below it, in both directions, since start. */
  readonly dropped: number
  close(): void
}
