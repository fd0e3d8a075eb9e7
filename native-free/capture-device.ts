import { closeSync, openSync } from 'node:fs'
import { CapturedFrame, CapturedDirection, type FormatReader } from '../src/capture/captured-frame.js'
import { CaptureReader } from '../src/capture/capture-reader.js'
import { EthernetMaker, LinkType, Made } from '../src/capture/link-types.js'
import type { Device, FrameSink } from '../src/packet/device.js'
import { HEADROOM, slabOver, VNET_LEN, type Slab } from '../src/packet/frame.js'
import type { MacAddr } from '../src/wire/addr.js'
import { ETHERNET_LEN } from '../src/wire/ethernet.js'
import { FrameRecord } from './frame-record.js'

const LONGEST = ETHERNET_LEN + 0xffff
const BEFORE = HEADROOM + VNET_LEN
/** Frames that lie here at once: until they are released. */
const PLACES = 64
const PLACE = 66 * 1024

export interface CaptureDeviceOptions {
  name: string
  /** Frames of the capture that come from it were the host's own: they are left out. */
  mac: MacAddr
  /** Octets of an IP packet. Default 1500. */
  mtu?: number
  /** The path of a pcap or pcapng file whose frames come in. Default: none comes. */
  in?: string
  /** Only frames of the capture's interface with that name. Default: of all. */
  interface?: string
  /** The path of a pcapng file for what is sent; it is overwritten. Default: it is thrown away. */
  out?: string
  /** ms. The first frame comes when the device is opened, the others as long after it as in the capture: `() => network.now`. */
  now: () => number
}

/**
 * Capture files in the form of an interface: what comes in is read from one, what is sent is written to another. It needs no privileges.
 * Frames that are no Ethernet frames are made such as for a replay; those cut short when they were captured are left out, and counted
 * in `dropped`.
 */
export class CaptureDevice implements Device {
  readonly name: string
  readonly mac: MacAddr
  readonly mtu: number
  readonly fds: readonly number[] = []
  dropped = 0
  readonly #now: () => number
  readonly #fd: number | undefined
  readonly #capture: FormatReader | undefined
  readonly #interface: string | undefined
  readonly #record: FrameRecord | undefined
  readonly #slab: Slab = slabOver(new ArrayBuffer(PLACES * PLACE))
  readonly #maker = new EthernetMaker()
  readonly #frame = new CapturedFrame()
  #place = 0
  #queued: { slab: Slab; at: number; len: number }[] = []
  /** A frame has been read, and not handed over. */
  #isWaiting = false
  #isOver = false
  /** Between the capture's time and ours, ms; NaN before the first frame. */
  #offset = NaN

  /** A system error for a file that cannot be opened, CaptureError (an Error) for one that is no capture. */
  constructor({ name, mac, mtu = 1500, in: path, interface: only, out, now }: CaptureDeviceOptions) {
    this.name = name
    this.mac = mac
    this.mtu = mtu
    this.#now = now
    this.#interface = only
    this.#fd = path === undefined ? undefined : openSync(path, 'r')
    this.#capture = this.#fd === undefined ? undefined : new CaptureReader(this.#fd)
    this.#record = out === undefined ? undefined : new FrameRecord({ out, now }, name)
  }

  /** No frame is to come. */
  get isOver(): boolean {
    return this.#capture === undefined || (this.#isOver && !this.#isWaiting)
  }

  /** Frames whose time has come. CaptureError where the capture is corrupt. */
  receive(sink: FrameSink, budget: number): number {
    let frames = 0
    while (frames < budget && this.#place < PLACES && this.#isDue()) {
      this.#isWaiting = false
      const at = this.#place * PLACE + BEFORE
      const len = this.#put(at)
      if (len === 0) continue
      this.#place++
      frames++
      sink.frame(this.#slab, at, len)
    }
    return frames
  }
  transmit(slab: Slab, at: number, len: number): boolean {
    if (this.#record !== undefined) this.#queued.push({ slab, at, len })
    return true
  }
  flush(): void {
    for (const { slab, at, len } of this.#queued) this.#record!.write(slab, at, len, CapturedDirection.OUTBOUND)
    this.#queued = []
  }
  release(): void {
    this.#place = 0
  }
  /** Writes what is left, and closes the files. */
  close(): void {
    this.flush()
    this.#record?.close()
    if (this.#fd !== undefined) closeSync(this.#fd)
  }

  /** Reads the next frame, unless one waits. */
  #isDue(): boolean {
    const capture = this.#capture
    if (capture === undefined || this.#isOver) return this.#isWaiting && this.#time() <= this.#now()
    if (!this.#isWaiting) {
      if (!capture.next(this.#frame)) {
        this.#isOver = true
        return false
      }
      this.#isWaiting = true
      if (Number.isNaN(this.#offset)) this.#offset = this.#now() - this.#stamp()
    }
    return this.#time() <= this.#now()
  }
  #time(): number {
    return this.#stamp() + this.#offset
  }
  #stamp(): number {
    return this.#frame.seconds * 1000 + this.#frame.nanoseconds / 1e6
  }

  /** Returns its length; 0: it is left out. */
  #put(at: number): number {
    const { bytes, view } = this.#slab
    const frame = this.#frame
    const maker = this.#maker
    if (this.#interface !== undefined && this.#capture!.interfaces[frame.interface]?.name !== this.#interface) return 0
    if (frame.len > LONGEST || maker.make(frame, this.mac, bytes, view, at) !== Made.FRAME) return this.#lost()
    if (maker.len !== maker.originalLen || maker.len < ETHERNET_LEN || maker.len > LONGEST) return this.#lost()
    const isOwn =
      frame.linkType === LinkType.ETHERNET &&
      view.getUint16(at + 6) === this.mac.hi &&
      view.getUint32(at + 8) === this.mac.lo
    if (isOwn || frame.direction === CapturedDirection.OUTBOUND) return 0
    bytes.fill(0, at - VNET_LEN, at)
    return maker.len
  }
  #lost(): 0 {
    this.dropped++
    return 0
  }
}
