import { execFileSync } from 'node:child_process'
import koffi from 'koffi'
import { ifreq, interfaceInfo } from '../../src/linux/interface.js'
import { check, close, ioctl, mapMemory, socket } from '../../src/linux/libc.js'
import { bindTo, packetSocket, setBuffers, setOption } from '../../src/linux/packet-socket.js'
import { SendQueue } from '../../src/io/send-queue.js'
import { HEADROOM, VNET_LEN, type Slab } from '../../src/packet/frame.js'
import { ETHERNET_LEN } from '../../src/wire/ethernet.js'
import { IPV4_MIN_LEN } from '../../src/wire/ipv4.js'
import { timed } from './timed.js'

/*
 * The cost of a checksum that is left to a device without checksum offload: the same frames are sent with and without
 * NEEDS_CSUM by sendmmsg to a veth device whose offload is off, so that the kernel sums in skb_checksum_help. No program
 * receives them at the other end. The difference for each frame is the sum, and a little overhead.
 */

const CLONE_NEWNET = 0x40000000
// linux/if_packet.h
const PACKET_VNET_HDR = 15
const PACKET_QDISC_BYPASS = 20
// linux/sockios.h, linux/ethtool.h
const SIOCETHTOOL = 0x8946
const ETHTOOL_GTXCSUM = 0x16
const ETHTOOL_STXCSUM = 0x17
const IFREQ_DATA = 16
const NEEDS_CSUM = 1
/** The checksum's offset in the data that it covers. */
const FIELD = 16
const NAME = 'sum0'
const PEER = 'sum1'
/** The longest frame that a veth device takes. */
const MTU = 65535
/** Octets that fit at every alignment. */
export const DEVICE_MOST = MTU - IPV4_MIN_LEN - 15
const BATCH = 64

const unshare = koffi.load(null).func('int unshare(int flags)')

export class KernelDevice {
  readonly #queue: SendQueue
  /** The same frame twice: without NEEDS_CSUM, and with it. */
  readonly #without: Slab
  readonly #with: Slab

  /** Moves this thread into a network namespace of its own, which ends with the process. SystemError without the privilege. */
  constructor(octets: Uint8Array) {
    check(unshare(CLONE_NEWNET), 'a network namespace of its own')
    execFileSync('ip', ['link', 'add', NAME, 'type', 'veth', 'peer', 'name', PEER], { stdio: 'pipe' })
    for (const end of [NAME, PEER])
      execFileSync('ip', ['link', 'set', end, 'mtu', String(MTU), 'up'], { stdio: 'pipe' })
    switchOffloadOff(NAME)
    const fd = packetSocket()
    setOption(fd, PACKET_VNET_HDR, 1)
    setOption(fd, PACKET_QDISC_BYPASS, 1)
    setBuffers(fd, 64 << 20)
    bindTo(fd, interfaceInfo(NAME).index, 0, NAME)
    this.#queue = new SendQueue(fd)
    const [without, withCheck] = [0, 1].map(() => {
      const slab = mapMemory(HEADROOM + ETHERNET_LEN + MTU)
      slab.bytes.set(octets.subarray(0, MTU), HEADROOM + ETHERNET_LEN)
      slab.view.setUint16(HEADROOM + 12, 0x88b5) // an EtherType for experiments
      return slab
    })
    this.#without = without!
    this.#with = withCheck!
  }

  /** Nanoseconds that a sum of `len` (at most DEVICE_MOST) octets adds to a frame; they start `shift` after an IPv4 header's end. */
  difference(shift: number, len: number, count: number): number {
    const start = ETHERNET_LEN + IPV4_MIN_LEN + shift
    for (const [slab, flags] of [
      [this.#without, 0],
      [this.#with, NEEDS_CSUM],
    ] as const) {
      const vnet = HEADROOM - VNET_LEN
      slab.view.setUint8(vnet, flags)
      // The same octets in one piece of memory in both cases: the kernel linearizes a frame whose checksum it fills in.
      slab.view.setUint16(vnet + 2, start + FIELD + 2, true)
      slab.view.setUint16(vnet + 6, start, true)
      slab.view.setUint16(vnet + 8, FIELD, true)
    }
    let extra = 0
    const batches = Math.max(1, Math.round(count / BATCH))
    for (let batch = 0; batch < batches; batch++)
      extra +=
        timed(BATCH, () => this.#send(this.#with, start + len)) -
        timed(BATCH, () => this.#send(this.#without, start + len))
    if (this.#queue.dropped > 0) throw new Error(`the kernel refused ${this.#queue.dropped} frames`)
    return extra / batches
  }

  #send(slab: Slab, len: number): void {
    for (let i = 0; i < BATCH; i++) this.#queue.transmit(slab, HEADROOM, len)
    this.#queue.flush()
  }
}

/** Does `ethtool -K NAME tx off`, and verifies it. */
function switchOffloadOff(name: string): void {
  const fd = check(socket(2, 2, 0), 'opening a socket')
  const value = mapMemory(8)
  const ask = (command: number): void => {
    const request = ifreq(name)
    value.view.setUint32(0, command, true)
    request.writeBigUInt64LE(BigInt(value.address), IFREQ_DATA)
    check(ioctl(fd, SIOCETHTOOL, request), `checksum offload of ${name}`)
  }
  value.view.setUint32(4, 0, true)
  ask(ETHTOOL_STXCSUM)
  ask(ETHTOOL_GTXCSUM)
  const left = value.view.getUint32(4, true)
  close(fd)
  if (left !== 0) throw new Error(`${name} does not leave checksums to the kernel`)
}
