import { HEADROOM, slabOver, VNET_LEN, type Slab } from '../src/packet/frame.js'
import { Packet } from '../src/packet/packet.js'
import { finishChecksum } from '../src/packet/partial-checksum.js'
import { ETHERNET_LEN } from '../src/wire/ethernet.js'

const AT = HEADROOM + VNET_LEN
const ROOM = AT + ETHERNET_LEN + 0xffff

/** Copies frames as a capture shows them: a checksum that is left to the device is complete. Frames of several segments keep theirs. */
export class FrameCompleter {
  readonly #slab = slabOver(new ArrayBuffer(ROOM))
  readonly #frame = this.#slab.bytes.subarray(AT)
  readonly #packet = new Packet()

  /** The copy begins at 0, and stays until the next call. */
  complete({ bytes }: Slab, at: number, len: number): Uint8Array {
    this.#slab.bytes.set(bytes.subarray(at - VNET_LEN, at + len), AT - VNET_LEN)
    const packet = this.#packet.wrap(0, this.#slab, AT, len)
    if (packet.vnet.isPartial && packet.vnet.gsoType === 0) finishChecksum(packet)
    return this.#frame
  }
}
