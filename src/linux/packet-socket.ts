import type { Slab } from '../packet/frame.js'
import type { MacAddr } from '../wire/addr.js'
import { assembleFilter, hear, PacketType, type Filter } from './classic-filter.js'
import { bind, check, getsockname, getsockopt, mapMemory, setsockopt, socket } from './libc.js'
import { AF_PACKET, SOCK_RAW_NONBLOCK_CLOEXEC, SOCKADDR_LL_LEN } from './socket-constants.js'
import { getSocketOption, setSocketOption, SocketOption, wordOf } from './socket-option.js'

const SOL_PACKET = 263
const PACKET_ADD_MEMBERSHIP = 1
const PACKET_STATISTICS = 6
/** Where struct sockaddr_ll has sll_pkttype. */
export const SLL_PKTTYPE = 10

/** A packet socket that hears nothing yet (packet(7)). */
export function packetSocket(): number {
  return check(socket(AF_PACKET, SOCK_RAW_NONBLOCK_CLOEXEC, 0), 'opening a packet socket')
}

/** Sets a SOL_PACKET option made of 32-bit words. */
export function setOption(fd: number, option: number, ...words: number[]): void {
  const value = Buffer.from(Uint32Array.from(words).buffer)
  check(setsockopt(fd, SOL_PACKET, option, value, value.length), `packet socket option ${option}`)
}

/** A SOL_PACKET option of one 32-bit word. */
export function getOption(fd: number, option: number): number {
  const value = Buffer.alloc(4)
  const length = Buffer.from(Uint32Array.of(4).buffer)
  check(getsockopt(fd, SOL_PACKET, option, value, length), `packet socket option ${option}`)
  return value.readUInt32LE()
}

/** struct packet_mreq: interface, type (PACKET_MR_MULTICAST), length of the address, its octets. SystemError. */
export function joinGroup(fd: number, ifindex: number, { hi, lo }: MacAddr): void {
  const value = Buffer.alloc(16)
  value.writeInt32LE(ifindex, 0)
  value.writeUInt16LE(6, 6)
  value.writeUInt16BE(hi, 8)
  value.writeUInt32BE(lo, 10)
  check(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, value, value.length), 'joining a group of Ethernet')
}

/** Makes room for `octets` in both directions. */
export function setBuffers(fd: number, octets: number): void {
  setSocketOption(fd, SocketOption.SNDBUFFORCE, wordOf(octets), 'SO_SNDBUFFORCE')
  setSocketOption(fd, SocketOption.RCVBUFFORCE, wordOf(octets), 'SO_RCVBUFFORCE')
}

/** A filter that lets nothing pass. */
export const NOTHING = assembleFilter([hear(0)])

export function setFilter(fd: number, program: Filter): void {
  setSocketOption(fd, SocketOption.ATTACH_FILTER, classicProgram(program).bytes.subarray(0, 16), 'SO_ATTACH_FILTER')
}

/** Takes the filter away that is attached. */
export function removeFilter(fd: number): void {
  setSocketOption(fd, SocketOption.DETACH_FILTER, wordOf(0), 'SO_DETACH_FILTER')
}

/** A filter as the kernel takes it: struct sock_fprog, and behind it each struct sock_filter. */
export function classicProgram(program: Filter): Slab {
  const memory = mapMemory(16 + program.length * 8)
  program.forEach(([code, jumps, constant], i) => {
    memory.view.setUint16(16 + i * 8, code, true)
    memory.view.setUint16(18 + i * 8, jumps, true)
    memory.view.setUint32(20 + i * 8, constant, true)
  })
  memory.view.setUint16(0, program.length, true)
  memory.view.setBigUint64(8, BigInt(memory.address + 16), true)
  return memory
}

/** From now on the socket hears frames of this EtherType on this interface. */
export function bindTo(fd: number, ifindex: number, etherType: number, name: string): void {
  const address = Buffer.alloc(SOCKADDR_LL_LEN)
  address.writeUInt16LE(AF_PACKET, 0)
  address.writeUInt16BE(etherType, 2)
  address.writeInt32LE(ifindex, 4)
  check(bind(fd, address, SOCKADDR_LL_LEN), `binding to ${name}`)
}

/** Whether the interface that the socket was bound to has left the namespace: the kernel then has -1 for its number. */
export function isUnbound(fd: number): boolean {
  const address = Buffer.alloc(SOCKADDR_LL_LEN)
  const length = Buffer.from(Uint32Array.of(SOCKADDR_LL_LEN).buffer)
  return getsockname(fd, address, length) === 0 && address.readInt32LE(4) === -1
}

/** Frames that the kernel had no room for, since the last call. */
export function takeDrops(fd: number): number {
  const statistics = Buffer.alloc(8)
  const length = Buffer.from(Uint32Array.of(8).buffer)
  return getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, statistics, length) < 0 ? 0 : statistics.readUInt32LE(4)
}

/** The errno of what has befallen the socket, once; 0 if nothing has, or if it is no socket. */
export function takeError(fd: number): number {
  return getSocketOption(fd, SocketOption.ERROR, 4)?.readInt32LE() ?? 0
}

/**
 * Whether the frame at `at`, which the kernel says is of this sll_pkttype, came with the tag of a VLAN that the
 * interface has no part in: the kernel has taken the tag off, and says only that a frame to us or to a group is for
 * another host.
 */
export function isOfVlan(view: DataView, at: number, pkttype: number, mac: MacAddr): boolean {
  if (pkttype !== PacketType.OTHERHOST) return false
  const hi = view.getUint16(at)
  return (hi & 0x0100) !== 0 || (hi === mac.hi && view.getUint32(at + 2) === mac.lo)
}
