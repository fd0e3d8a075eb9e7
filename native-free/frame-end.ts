import { fieldsOf } from '../src/control/operations/explain/frame-fields.js'
import type { Device, FrameSink } from '../src/packet/device.js'
import { HEADROOM, slabOver, VNET_LEN } from '../src/packet/frame.js'
import type { MacAddr } from '../src/wire/addr.js'
import { ETHERNET_LEN, EthernetView, EtherType } from '../src/wire/ethernet.js'

const AT = HEADROOM + VNET_LEN
const LONGEST = ETHERNET_LEN + 0xffff

/** The end of a wire for a program that sends and takes frames as octets: one wire's end, no host. */
export class FrameEnd {
  readonly device: Device
  readonly #tx = slabOver(new ArrayBuffer(AT + LONGEST))
  readonly #came: Uint8Array[] = []
  readonly #sink: FrameSink = { frame: ({ bytes }, at, len) => void this.#came.push(bytes.slice(at, at + len)) }

  constructor(device: Device) {
    this.device = device
  }

  /** Sends a frame, Ethernet header first, its checksums complete. Returns false if it was lost: the other end's queue is full. */
  send(frame: Uint8Array): boolean {
    if (frame.length < ETHERNET_LEN || frame.length > LONGEST)
      throw new RangeError(`a frame of ${frame.length} octets: ${ETHERNET_LEN} to ${LONGEST}`)
    const { bytes } = this.#tx
    bytes.fill(0, AT - VNET_LEN, AT)
    bytes.set(frame, AT)
    const isSent = this.device.transmit(this.#tx, AT, frame.length)
    this.device.flush()
    return isSent
  }
  /** Copies of the frames that have come since the last call. */
  take(): Uint8Array[] {
    while (this.device.receive(this.#sink, 256) > 0);
    this.device.release()
    return this.#came.splice(0)
  }
}

/** An Ethernet frame around an IPv4 packet, such as `typedPacket` makes. */
export function ethernetFrame(packet: Uint8Array, to: MacAddr, from: MacAddr): Uint8Array {
  const frame = new Uint8Array(ETHERNET_LEN + packet.length)
  const header = new EthernetView().wrap(new DataView(frame.buffer), 0)
  header.setDst(to)
  header.setSrc(from)
  header.type = EtherType.IPV4
  frame.set(packet, ETHERNET_LEN)
  return frame
}

/**
 * The fields of a frame's headers by name, all as text: 'eth.dst', 'ip.src', 'ip.ttl', 'tcp.dstport', 'tcp.flags' ('SA'), 'icmp.type'; of
 * packets in tunnels with 'inner.' before, of those that ICMP errors quote with 'quoted.'.
 */
export function frameFields(frame: Uint8Array): Record<string, string> {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  return Object.fromEntries(fieldsOf(view, 0, frame.length))
}
