import { slabOver, VNET_LEN, type Slab } from '../packet/frame.js'
import { Packet } from '../packet/packet.js'
import { finishChecksum } from '../packet/partial-checksum.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { bufferOver } from './frame-room.js'
import type { PcapSession } from './npm-pcap.js'
import { MOST_WRITES, type WriteQueue } from './write-queue.js'

const LARGEST = ETHERNET_LEN + 0xffff
/** Aligned, as a slab's frames are. */
const AT = VNET_LEN + 2

/** Frames on their way out by libpcap, one call each. */
export class InjectQueue implements WriteQueue {
  dropped = 0
  readonly #session: PcapSession
  readonly #slabs: Slab[] = []
  readonly #at = new Int32Array(MOST_WRITES)
  readonly #lens = new Int32Array(MOST_WRITES)
  #queued = 0
  readonly #tx = slabOver(new ArrayBuffer(AT + LARGEST))
  /** By length: inject sends a whole Buffer. */
  readonly #views: (Buffer | undefined)[] = []
  readonly #packet = new Packet()
  /** The last frame's, and the same memory. */
  #slab: Slab | undefined
  #octets: Buffer = Buffer.alloc(0)

  constructor(session: PcapSession) {
    this.#session = session
  }

  transmit(slab: Slab, at: number, len: number): boolean {
    if (this.#queued === MOST_WRITES) this.flush()
    this.#slabs[this.#queued] = slab
    this.#at[this.#queued] = at
    this.#lens[this.#queued++] = len
    return true
  }
  flush(): void {
    for (let i = 0; i < this.#queued; i++) this.#send(this.#slabs[i]!, this.#at[i]!, this.#lens[i]!)
    this.#queued = 0
  }
  close(): void {}

  /** As it will be on the wire: no header says that the device has work left. */
  #send(slab: Slab, at: number, len: number): void {
    const tx = this.#tx
    if (slab !== this.#slab) {
      this.#slab = slab
      this.#octets = bufferOver(slab)
    }
    this.#octets.copy(tx.bytes, AT - VNET_LEN, at - VNET_LEN, at + len)
    const { vnet } = this.#packet.wrap(0, tx, AT, len)
    if (vnet.gsoType !== 0) return this.#lost()
    if (vnet.isPartial) finishChecksum(this.#packet)
    try {
      this.#session.inject((this.#views[len] ??= Buffer.from(tx.bytes.buffer, AT, len)))
    } catch {
      this.#lost()
    }
  }
  #lost(): void {
    this.dropped++
  }
}
