import type { Device, FrameSink } from '../packet/device.js'
import { slabOver, type Slab } from '../packet/frame.js'
import { formatMac, type MacAddr } from '../wire/addr.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { interfaceInfo } from '../linux/interface.js'
import { ENETDOWN, SystemError } from '../linux/libc.js'
import { isUnbound } from '../linux/packet-socket.js'
import { packetSocketsOn } from '../linux/packet-sockets.js'
import { FrameRoom } from './frame-room.js'
import { InjectQueue } from './inject-queue.js'
import type { PcapBinding, PcapSession } from './npm-pcap.js'
import { completeChecksum, cutSegments } from './put-off-work.js'
import { UnusableError } from './unusable-error.js'

/** The longest frame: segments of TCP in one. */
const SNAP_LEN = ETHERNET_LEN + 0xffff
/** libpcap's ring has places of SNAP_LEN where offloads are on: about a thousand. */
const RING_OCTETS = 64 * 2 ** 20
/** Frames that are taken at once, and their octets. libpcap gives all that wait: what is beyond is lost. */
const MOST_FRAMES = 8192
const MOST_OCTETS = 8 * 2 ** 20
/** Where caplen stands in what libpcap says of a frame. */
const CAPLEN_AT = 8

/**
 * An interface by libpcap, where neither packet sockets of ours nor TAP devices are to be had. The host's kernel sees every frame too:
 * its side of the interface must hold none of our addresses. Frames are as on a wire: checksums complete, segments cut.
 */
export class LibpcapDevice implements Device {
  readonly name: string
  readonly mac: MacAddr
  readonly mtu: number
  readonly fds: readonly number[]
  readonly #session: PcapSession
  readonly #queue: InjectQueue
  readonly #frame = Buffer.allocUnsafeSlow(SNAP_LEN)
  readonly #view = new DataView(this.#frame.buffer)
  readonly #header = Buffer.allocUnsafeSlow(16)
  readonly #slab: Slab = slabOver(new ArrayBuffer(MOST_OCTETS))
  readonly #room = new FrameRoom(this.#slab, MOST_FRAMES)
  /** How many of the room's frames were handed over. */
  #handed = 0
  #lost = 0

  /** Opens the interface, which must exist and be up. SystemError or UnusableError if that cannot be. */
  constructor(name: string, { PcapSession }: PcapBinding) {
    const info = interfaceInfo(name)
    if (!info.isUp) throw new SystemError(name, ENETDOWN)
    this.name = name
    this.mac = info.mac
    this.mtu = info.mtu
    const before = packetSocketsOn(info.index)
    this.#session = new PcapSession()
    // libpcap shows what the host sends too, and our frames to other readers: neither came in.
    const filter = `inbound and not ether src ${formatMac(info.mac)}`
    try {
      const take = (): void => this.#take()
      const link = this.#session.open_live(
        name,
        filter,
        RING_OCTETS,
        SNAP_LEN,
        '',
        take,
        false,
        0,
        () => {}, // an interface without an address, which is as it must be
        false,
      )
      if (link !== 'LINKTYPE_ETHERNET') throw new Error(`it is ${link}, not Ethernet`)
    } catch (error) {
      throw new UnusableError(`--libpcap: ${name}: ${(error as Error).message}`)
    }
    this.fds = packetSocketsOn(info.index).filter(fd => !before.includes(fd))
    if (this.fds.length !== 1) {
      this.close()
      throw new UnusableError(`--libpcap: ${name}: libpcap's socket is not found in /proc/self/fd`)
    }
    this.#queue = new InjectQueue(this.#session)
  }

  receive(sink: FrameSink, budget: number): number {
    const room = this.#room
    if (room.count === 0) this.#read()
    const first = this.#handed
    const last = Math.min(room.count, first + budget)
    while (this.#handed < last) {
      const i = this.#handed++
      sink.frame(this.#slab, room.at[i]!, room.lens[i]!)
    }
    return last - first
  }
  transmit(slab: Slab, at: number, len: number): boolean {
    return this.#queue.transmit(slab, at, len)
  }
  flush(): void {
    this.#queue.flush()
  }
  /** Frames that have not been handed over stay: the next turn's. */
  release(): void {
    if (this.#handed < this.#room.count) return
    this.#room.release()
    this.#handed = 0
  }

  get dropped(): number {
    return this.#session.stats().ps_drop + this.#lost + this.#queue.dropped
  }
  close(): void {
    this.#session.close()
    this.#session.dispatch(this.#frame, this.#header)
  }

  /** When the interface goes, libpcap says nothing, or fails to read. */
  #read(): void {
    const status = this.#session.dispatch(this.#frame, this.#header)
    if (status < 0 || (this.#room.count === 0 && isUnbound(this.fds[0]!)))
      throw new Error(`${this.name}: libpcap reads no more: the interface has gone`)
  }
  /** A frame that came. */
  #take(): void {
    const len = this.#header.readUInt32LE(CAPLEN_AT)
    const room = this.#room
    if (len > ETHERNET_LEN + this.mtu) {
      const { count } = room
      if (cutSegments(this.#frame, this.#view, len, this.mtu, room)) return
      room.forget(count)
      this.#lost++
      return
    }
    const at = room.place(len)
    if (at < 0) {
      this.#lost++
      return
    }
    this.#frame.copy(room.octets, at, 0, len)
    completeChecksum(this.#slab.view, at, len)
  }
}
