import { closeSync, openSync } from 'node:fs'
import { check, close, ioctl, mapMemory, recvfrom, setns } from '../src/linux/libc.js'
import { bindTo, packetSocket, setBuffers, SLL_PKTTYPE } from '../src/linux/packet-socket.js'
import { macOfName } from '../src/io/tap-device.js'
import { formatMac } from '../src/wire/addr.js'

const CLONE_NEWNET = 0x40000000
const ETH_P_ALL = 3
const SIOCGSTAMPNS = 0x8907
/** What the kernel keeps of frames until `take`; ample for a request, not for a load. */
const ROOM = 1 << 20
// struct sockaddr_ll, packet(7)
const SLL_IFINDEX = 4
const SLL_HATYPE = 8
const ARPHRD_ETHER = 1
const PACKET_OUTGOING = 4
const LONGEST = 65_536 + 64

/** A frame as it came in at an interface, with the kernel's own time. */
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
 * Everything that comes in at any interface of some network namespaces. One packet socket in each holds the frames until
 * they are taken, so nothing runs meanwhile. What a program sends by a packet socket of its own with QDISC_BYPASS is shown
 * to nobody where it is sent, so only what comes in is told: everywhere, that is the same frame.
 */
export class Capture {
  readonly #sockets: { space: string; fd: number }[] = []

  /** `spaces`: name → the file in /run/netns. */
  static open(spaces: ReadonlyMap<string, string>): Capture {
    const capture = new Capture()
    try {
      for (const [space, file] of spaces) capture.#sockets.push({ space, fd: inside(file, allFrames) })
      return capture
    } catch (error) {
      capture.close()
      throw error
    }
  }

  /** What has come since the last call, in order of time. */
  take(): CapturedFrame[] {
    const frames = this.#sockets.flatMap(({ space, fd }) => [...received(space, fd)])
    return frames.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  }

  close(): void {
    for (const { fd } of this.#sockets.splice(0)) close(fd)
  }
}

/** The MAC address that a director speaks with on a TAP device. */
export function macOfTap(name: string): string {
  return formatMac(macOfName(name))
}

/** Does `work` with this thread in the network namespace, and comes back. Sockets stay where they were opened. */
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

function allFrames(): number {
  const fd = packetSocket()
  try {
    setBuffers(fd, ROOM)
    ioctl(fd, SIOCGSTAMPNS, Buffer.alloc(16)) // fails, since nothing has come yet, and begins time-stamping
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
