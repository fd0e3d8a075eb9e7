import type { Ipv4Addr } from '../wire/addr.js'

/* Numbers of socket(2), ip(7) and packet(7) that several kinds of sockets are made with. */

export const AF_UNSPEC = 0
export const AF_UNIX = 1
export const AF_INET = 2
export const AF_INET6 = 10
export const AF_PACKET = 17

export const SOCK_NONBLOCK = 0o4000
export const SOCK_CLOEXEC = 0o2000000
export const SOCK_DGRAM_CLOEXEC = 2 | SOCK_CLOEXEC
export const SOCK_RAW_CLOEXEC = 3 | SOCK_CLOEXEC
export const SOCK_RAW_NONBLOCK_CLOEXEC = SOCK_RAW_CLOEXEC | SOCK_NONBLOCK

export const SOL_IP = 0

export const SOCKADDR_LL_LEN = 20
export const SOCKADDR_IN_LEN = 16
/** Where struct sockaddr_in has the address. */
export const SOCKADDR_ADDR_AT = 4

/** struct sockaddr_in: the family in the host's order, then port and address in the network's. */
export function sockaddrIn(addr: Ipv4Addr, port: number): Buffer {
  const octets = Buffer.alloc(SOCKADDR_IN_LEN)
  octets.writeUInt16LE(AF_INET, 0)
  octets.writeUInt16BE(port, 2)
  octets.writeInt32BE(addr, SOCKADDR_ADDR_AT)
  return octets
}
