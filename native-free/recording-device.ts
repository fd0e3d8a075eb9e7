import { CapturedDirection } from '../src/capture/captured-frame.js'
import type { Device, FrameSink } from '../src/packet/device.js'
import type { Slab } from '../src/packet/frame.js'
import type { MacAddr } from '../src/wire/addr.js'
import { FrameRecord, type RecordingOptions } from './frame-record.js'

export type { RecordingOptions }

/** A device whose frames are written to a capture, both those that come and those that are sent; else it is as the one that it is put around. */
export class RecordingDevice implements Device {
  readonly fds: readonly number[]
  readonly #device: Device
  readonly #record: FrameRecord
  readonly #sink: FrameSink
  #taker: FrameSink | undefined
  #queued: { slab: Slab; at: number; len: number }[] = []

  /** A system error if the file cannot be written. */
  constructor(device: Device, options: RecordingOptions) {
    this.#device = device
    this.fds = device.fds
    this.#record = new FrameRecord(options, device.name)
    this.#sink = {
      frame: (slab, at, len) => {
        this.#record.write(slab, at, len, CapturedDirection.INBOUND)
        this.#taker!.frame(slab, at, len)
      },
    }
  }

  get name(): string {
    return this.#device.name
  }
  get mac(): MacAddr {
    return this.#device.mac
  }
  get mtu(): number {
    return this.#device.mtu
  }
  get dropped(): number {
    return this.#device.dropped
  }
  receive(sink: FrameSink, budget: number): number {
    this.#taker = sink
    return this.#device.receive(this.#sink, budget)
  }
  transmit(slab: Slab, at: number, len: number): boolean {
    const isTaken = this.#device.transmit(slab, at, len)
    if (isTaken) this.#queued.push({ slab, at, len })
    return isTaken
  }
  /** Frames are written as they are now: until here their sender may have changed them. */
  flush(): void {
    for (const { slab, at, len } of this.#queued) this.#record.write(slab, at, len, CapturedDirection.OUTBOUND)
    this.#queued = []
    this.#device.flush()
  }
  release(): void {
    this.#device.release()
  }
  /** Closes the file, and the device. */
  close(): void {
    this.#record.close()
    this.#device.close()
  }
}
