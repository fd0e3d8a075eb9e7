import { closeSync, openSync } from 'node:fs'
import { check, close, ioctl, mapMemory, recvfrom, setns } from '../src/linux/libc.js'
import type { Filter } from '../src/linux/classic-filter.js'
import { bindTo, packetSocket, setBuffers, setFilter, SLL_PKTTYPE, takeDrops } from '../src/linux/packet-socket.js'
import { macOfName } from '../src/io/tap-device.js'
import { formatMac } from '../src/wire/addr.js'

const CLONE_NEWNET = 0x40000000
const ETH_P_ALL = 3
const SIOCGSTAMPNS = 0x8907
/** Octets of frames that the kernel keeps until `take`; ample for a request, not for a load unless `filter` leaves it out. */
const ROOM = 1 << 20
// struct sockaddr_ll, packet(7)
const SLL_IFINDEX = 4
const SLL_HATYPE = 8
const ARPHRD_ETHER = 1
const PACKET_OUTGOING = 4
const LONGEST = 65_536 + 64

/** A frame received at an interface, with the kernel's timestamp. */
export interface CapturedFrame {
  space: string
  ifindex: number
  /** CLOCK_REALTIME in nanoseconds. */
  at: bigint
  /** False where there is no link header: a tunnel's device. */
  ethernet: boolean
  octets: Buffer
}

/**
 * Captures every frame received at any interface of some network namespaces. One packet socket in each holds the frames until
 * `take`, so no program runs meanwhile. Frames that a program sends by its own packet socket with QDISC_BYPASS are not visible
 * on the sending side, so only received frames are reported: each frame sent is received at the other end.
 */
export class Capture {
  readonly #sockets: { space: string; fd: number }[] = []

  /** `spaces`: name → the file in /run/netns. `filter`: what to capture; all unless told. */
  static open(spaces: ReadonlyMap<string, string>, filter?: Filter): Capture {
    const capture = new Capture()
    try {
      for (const [space, file] of spaces) capture.#sockets.push({ space, fd: inside(file, () => allFrames(filter)) })
      return capture
    } catch (error) {
      capture.close()
      throw error
    }
  }

  /** The frames received since the last call, in order of time. */
  take(): CapturedFrame[] {
    const frames = this.#sockets.flatMap(({ space, fd }) => [...received(space, fd)])
    return frames.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  }

  /** Frames lost since the last call, for want of room. */
  lost(): number {
    return this.#sockets.reduce((sum, { fd }) => sum + takeDrops(fd), 0)
  }

  close(): void {
    for (const { fd } of this.#sockets.splice(0)) close(fd)
  }
}

/** The MAC address of a director on a TAP device. */
export function macOfTap(name: string): string {
  return formatMac(macOfName(name))
}

/** Runs `work` with this thread in the network namespace, then returns. Sockets stay in the namespace where they were opened. */
function inside<T>(file: string, work: () => T): T {
  const home = openSync('/proc/thread-self/ns/net', 'r')
  try {
    const there = openSync(file, 'r')
    try {
      check(setns(there, CLONE_NEWNET), `entering ${file}`)
    } finally {
      closeSync(there)
    }
    try {
      return work()
    } finally {
      check(setns(home, CLONE_NEWNET), 'coming back from a network namespace')
    }
  } finally {
    closeSync(home)
  }
}

function allFrames(filter?: Filter): number {
  const fd = packetSocket()
  try {
    if (filter) setFilter(fd, filter)
    setBuffers(fd, ROOM)
    ioctl(fd, SIOCGSTAMPNS, Buffer.alloc(16)) // fails, since no frame has come yet, and starts timestamping
    bindTo(fd, 0, ETH_P_ALL, 'all interfaces')
    return fd
  } catch (error) {
    close(fd)
    throw error
  }
}

function* received(space: string, fd: number): Generator<CapturedFrame> {
  const memory = (scratch ??= mapMemory(LONGEST + 64))
  const [address, addressLen] = [LONGEST, LONGEST + 32]
  const stamp = Buffer.alloc(16)
  for (;;) {
    memory.view.setUint32(addressLen, 20, true)
    const at = memory.address
    const len = Number(recvfrom(fd, at, LONGEST, 0, at + address, at + addressLen))
    if (len < 0) return
    const { view } = memory
    if (view.getUint8(address + SLL_PKTTYPE) === PACKET_OUTGOING) continue
    check(ioctl(fd, SIOCGSTAMPNS, stamp), 'a frame’s time')
    yield {
      space,
      ifindex: view.getInt32(address + SLL_IFINDEX, true),
      at: stamp.readBigInt64LE(0) * 1_000_000_000n + stamp.readBigInt64LE(8),
      ethernet: view.getUint16(address + SLL_HATYPE, true) === ARPHRD_ETHER,
      octets: Buffer.from(memory.bytes.subarray(0, len)),
    }
  }
}

let scratch: ReturnType<typeof mapMemory> | undefined
