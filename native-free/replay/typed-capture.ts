import {
  CapturedDirection,
  type CapturedFrame,
  type CaptureInterface,
  type FormatReader,
} from '../../src/capture/captured-frame.js'
import { LinkType } from '../../src/capture/link-types.js'

/** Packets typed by hand, as a capture of raw IP: one a ms. */
export class TypedCapture implements FormatReader {
  readonly interfaces: readonly CaptureInterface[] = [{ name: undefined, linkType: LinkType.RAW }]
  readonly #packets: readonly Uint8Array[]
  #next = 0

  constructor(packets: readonly Uint8Array[]) {
    this.#packets = packets
  }

  next(frame: CapturedFrame): boolean {
    const packet = this.#packets[this.#next]
    if (packet === undefined) return false
    frame.bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength)
    frame.view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
    frame.at = 0
    frame.len = frame.originalLen = packet.length
    frame.interface = 0
    frame.linkType = LinkType.RAW
    frame.direction = CapturedDirection.INBOUND
    frame.seconds = 0
    frame.nanoseconds = this.#next++ * 1e6
    return true
  }
}
