import { parseIpv4, type Ipv4Addr } from '../wire/addr.js'
import { parseIpv6 } from '../wire/ipv6-addr.js'
import { bind, check, close, socket } from './libc.js'
import { AF_INET, AF_INET6, SOCK_CLOEXEC, SOCK_NONBLOCK, sockaddrIn } from './socket-constants.js'
import { setSocketOption, SocketOption, wordOf } from './socket-option.js'

const IPPROTO_ICMP = 1
const IPPROTO_ICMPV6 = 58

const TYPES = { stream: 1, datagrams: 2, ping: 2 } as const

/** What Node's own sockets cannot be told. */
export interface HostSocketOptions {
  readonly isIpv6: boolean
  readonly type: keyof typeof TYPES
  readonly interface?: string
  /** 0: none. */
  readonly mark: number
  /** An address to bind to at once; the caller can bind a TCP socket by Node. */
  readonly local?: { readonly address: string; readonly port: number }
}

/** Opens a socket of the host's own stack, not blocking, for Node to use by its file descriptor. Throws SystemError. */
export function hostSocket({ isIpv6, type, interface: name, mark, local }: HostSocketOptions): number {
  const protocol = type === 'ping' ? (isIpv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP) : 0
  const family = isIpv6 ? AF_INET6 : AF_INET
  const fd = check(socket(family, TYPES[type] | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol), `a ${type} socket`)
  try {
    if (mark !== 0) setSocketOption(fd, SocketOption.MARK, wordOf(mark), `fwmark ${mark}`)
    if (name !== undefined) setSocketOption(fd, SocketOption.BINDTODEVICE, Buffer.from(`${name}\0`), `bind_if ${name}`)
    if (local) {
      // A port that is bound again each time rests from the last time.
      if (type === 'stream') setSocketOption(fd, SocketOption.REUSEADDR, wordOf(1), 'SO_REUSEADDR')
      const address = socketAddress(local.address, local.port)
      check(bind(fd, address, address.length), `binding to ${local.address} port ${local.port}`)
    }
    return fd
  } catch (error) {
    close(fd)
    throw error
  }
}

/** struct sockaddr_in or sockaddr_in6. */
export function socketAddress(address: string, port: number): Buffer {
  const words = parseIpv6(address)
  if (words === undefined) return sockaddrIn(parseIpv4(address) ?? (0 as Ipv4Addr), port)
  const at = Buffer.alloc(28)
  at.writeUInt16LE(AF_INET6, 0)
  at.writeUInt16BE(port, 2)
  words.forEach((word, i) => at.writeInt32BE(word, 8 + i * 4))
  return at
}
