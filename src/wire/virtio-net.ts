/*
 * virtio 1.2 §5.1.6: struct virtio_net_hdr, little-endian, 10 octets; it stands right before the Ethernet header.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |     Flags     |    GSO type   |         Header length         |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |            GSO size           |         Checksum start        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |        Checksum offset        |        Ethernet header        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import { NOWHERE } from './view.js'

const FLAGS = 0
const GSO_TYPE = 1
const HDR_LEN = 2
const GSO_SIZE = 4
const CSUM_START = 6
const CSUM_OFFSET = 8

const NEEDS_CSUM = 1
const DATA_VALID = 2

/** NEEDS_CSUM, and any GSO type, in the word of flags and GSO type. */
const SAYS_SOMETHING = (NEEDS_CSUM << 8) | 0xff

/** What a frame's segments are (virtio 1.2 §5.1.6); ECN is a bit beside it. */
export const GsoType = { NONE: 0, TCPV4: 1, UDP: 3, TCPV6: 4, UDP_L4: 5, ECN: 0x80 } as const

/** Reads and writes a virtio-net header in place. */
export class VirtioNetView {
  #dv: DataView = NOWHERE
  #at = 0

  wrap(dv: DataView, at: number): this {
    this.#dv = dv
    this.#at = at
    return this
  }

  /** The frame stands for itself, and nothing of it is left to be done. */
  get isPlain(): boolean {
    return (this.#dv.getUint16(this.#at + FLAGS) & SAYS_SOMETHING) === 0
  }
  /** The transport checksum field holds the pseudo-header sum only; the device that sends the frame to a wire completes it. */
  get isPartial(): boolean {
    return (this.#dv.getUint8(this.#at + FLAGS) & NEEDS_CSUM) !== 0
  }
  /** The transport checksum need not be verified: it is partial, or the device has found it right. */
  get isTrusted(): boolean {
    return (this.#dv.getUint8(this.#at + FLAGS) & (NEEDS_CSUM | DATA_VALID)) !== 0
  }
  /** What kind of segments it stands for (GsoType, and ECN); 0 when it stands for itself. */
  get gsoType(): number {
    return this.#dv.getUint8(this.#at + GSO_TYPE)
  }
  /** Octets of payload in each segment that the frame stands for; 0 when it stands for itself. */
  get gsoSize(): number {
    return this.#dv.getUint8(this.#at + GSO_TYPE) === 0 ? 0 : this.#dv.getUint16(this.#at + GSO_SIZE, true)
  }
  /** Where the checksum is to start, in octets from the Ethernet header. */
  get csumStart(): number {
    return this.#dv.getUint16(this.#at + CSUM_START, true)
  }
  /** Where its field is, in octets from csumStart. */
  get csumOffset(): number {
    return this.#dv.getUint16(this.#at + CSUM_OFFSET, true)
  }

  /** Sets the size of the segments of a frame that stands for some. */
  set gsoSize(octets: number) {
    this.#dv.setUint16(this.#at + GSO_SIZE, octets, true)
  }
  /** The frame stands for itself from now on; a partial checksum stays one. */
  endGso(): void {
    this.#dv.setUint8(this.#at + GSO_TYPE, 0)
    this.#dv.setUint16(this.#at + GSO_SIZE, 0)
  }
  /** Says that the packet stands for segments; `headerLen` as for prepareToSend. */
  setGso(type: number, size: number, headerLen: number): void {
    this.#dv.setUint8(this.#at + GSO_TYPE, type)
    this.#dv.setUint16(this.#at + HDR_LEN, headerLen, true)
    this.#dv.setUint16(this.#at + GSO_SIZE, size, true)
  }

  /**
   * Makes a received header fit to be sent: DATA_VALID, which only a receiver may state, goes; `headerLen` (octets up
   * to the payload) replaces the sender's idea of it, which may be the whole frame.
   */
  prepareToSend(headerLen: number): void {
    this.#dv.setUint8(this.#at + FLAGS, this.#dv.getUint8(this.#at + FLAGS) & NEEDS_CSUM)
    this.#dv.setUint16(this.#at + HDR_LEN, headerLen, true)
  }
  /** A frame for itself, whose checksum is left to the device: `start` from the Ethernet header, `offset` from there. */
  leaveChecksum(start: number, offset: number): void {
    this.clear()
    this.#dv.setUint8(this.#at + FLAGS, NEEDS_CSUM)
    this.#dv.setUint16(this.#at + CSUM_START, start, true)
    this.#dv.setUint16(this.#at + CSUM_OFFSET, offset, true)
  }
  /** A frame that is complete as it stands. */
  clear(): void {
    this.#dv.setUint32(this.#at + FLAGS, 0)
    this.#dv.setUint32(this.#at + GSO_SIZE, 0)
    this.#dv.setUint16(this.#at + CSUM_OFFSET, 0)
  }
}
