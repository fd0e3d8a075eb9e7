import { HEADROOM, VNET_LEN, type Slab } from '../packet/frame.js'
import { ETHERNET_LEN, EtherType } from '../wire/ethernet.js'
import type { FrameSink } from '../packet/device.js'
import { check, close, mapMemory, read, socketpair, write } from '../linux/libc.js'
import { AF_UNIX, SOCK_CLOEXEC, SOCK_NONBLOCK } from '../linux/socket-constants.js'

const SOCK_SEQPACKET = 5

/** Octets of a frame that are passed on: Ethernet's least, of which ARP takes 42. */
const MOST_OCTETS = 60
/** ARP frames taken in one turn, each in a place of its own until the reply, made there, has been sent. */
export const ARP_PLACES = 64
export const ARP_ROOM = 256
/** Turns of the loop, some tens of microseconds each, until ARP is looked for: a look is a system call. While frames wait, poll(2) comes back at once. */
export const ARP_EVERY = 32

/** A worker's part in a relay, as file descriptors: plain data, which can be posted to its thread. */
export interface ArpRelayEnds {
  /** Worker 0's: where to pass frames on to. */
  readonly to: readonly number[]
  /** The others': where from. */
  readonly from?: number
}

/** The ends of a relay from worker 0 to each of the others, by worker. */
export function arpRelayEnds(workers: number): ArpRelayEnds[] {
  const pairs = Array.from({ length: workers - 1 }, () => {
    const fds = Buffer.alloc(8)
    check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 'socketpair')
    return [fds.readInt32LE(0), fds.readInt32LE(4)] as const
  })
  return [{ to: pairs.map(([to]) => to) }, ...pairs.map(([, from]) => ({ to: [], from }))]
}

/** Passes ARP on from the worker that a device's ARP comes to: all are to learn from it. */
export class ArpRelay {
  /** Readable when frames have been passed on to us. */
  readonly fds: readonly number[]
  readonly #to: readonly number[]
  readonly #slab: Slab
  #place = 0
  #turn = 0
  /** Frames that another worker had no room for. */
  dropped = 0

  constructor({ to, from }: ArpRelayEnds) {
    this.#to = to
    this.fds = from === undefined ? [] : [from]
    this.#slab = from === undefined ? mapMemory(1) : mapMemory(ARP_PLACES * ARP_ROOM)
  }

  /** A frame that has come in: passed on if it is ARP. */
  pass({ view, address }: Slab, at: number, len: number): void {
    const to = this.#to
    if (to.length === 0 || len < ETHERNET_LEN || view.getUint16(at + ETHERNET_LEN - 2) !== EtherType.ARP) return
    const octets = Math.min(len, MOST_OCTETS)
    for (let i = 0; i < to.length; i++) if (write(to[i], address + at, octets) < 0) this.dropped++
  }

  /** Hands over the frames that were passed on to us; returns how many. */
  receive(sink: FrameSink): number {
    if (this.fds.length === 0 || ++this.#turn % ARP_EVERY !== 0) return 0
    const { bytes, address } = this.#slab
    let frames = 0
    while (this.#place < ARP_PLACES) {
      const at = this.#place * ARP_ROOM + HEADROOM + VNET_LEN
      const len: number = read(this.fds[0], address + at, ARP_ROOM - HEADROOM - VNET_LEN)
      if (len <= 0) break
      bytes.fill(0, at - VNET_LEN, at)
      this.#place++
      frames++
      sink.frame(this.#slab, at, len)
    }
    return frames
  }
  release(): void {
    this.#place = 0
  }

  close(): void {
    for (const fd of [...this.#to, ...this.fds]) check(close(fd), 'close')
  }
}
