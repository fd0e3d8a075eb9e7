import type { Slab } from './frame.js'
import type { MacAddr } from '../wire/addr.js'

/** Takes frames where they lie. The frame is the sink's to rewrite until the device's `release`. */
export interface FrameSink {
  /** `len` octets at `at`, Ethernet header first; the 10 octets before `at` are the virtio-net header, headroom before that. */
  frame(slab: Slab, at: number, len: number): void
}

/**
 * Frames in, frames out. One turn of the loop is: `receive` on every device, `flush` on every device, `release` on
 * every device. Between receive and release the octets stay where they are, so that a frame that came in on one device
 * can leave by another without a copy. No call blocks; who wants to wait polls `fds`.
 */
export interface Device {
  readonly name: string
  readonly mac: MacAddr
  readonly mtu: number
  /** File descriptors that become readable when frames are waiting; none for a device that lives in memory. */
  readonly fds: readonly number[]
  /** Hands at most `budget` waiting frames to the sink; answers how many. */
  receive(sink: FrameSink, budget: number): number
  /** Queues a frame that lies in any device's slab. False when the queue is full: the frame is lost, and counted in `dropped`. */
  transmit(slab: Slab, at: number, len: number): boolean
  /** Sends what is queued. */
  flush(): void
  /** Gives the received frames' memory back. */
  release(): void
  /** Frames that the device or the kernel below it lost, in both directions, since start. */
  readonly dropped: number
  close(): void
}
