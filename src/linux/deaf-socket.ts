import type { Ipv4Addr } from '../wire/addr.js'
import { bind, check, close, socket } from './libc.js'
import { NOTHING, setFilter } from './packet-socket.js'
import { AF_INET, SOCK_DGRAM_CLOEXEC, SOCK_RAW_CLOEXEC, sockaddrIn } from './socket-constants.js'

const ANY = 0 as Ipv4Addr

/**
 * Opens a socket that receives nothing: as long as it is open, the kernel does not answer packets of that protocol, or to that
 * port, with ICMP protocol or port unreachable. Returns its file descriptor, which the caller closes.
 */
export function holdProtocol(protocol: number): number {
  return deaf(check(socket(AF_INET, SOCK_RAW_CLOEXEC, protocol), `a raw socket for IP protocol ${protocol}`))
}

/** As holdProtocol. SystemError EADDRINUSE if another socket has the UDP port. */
export function holdUdpPort(port: number): number {
  const fd = deaf(check(socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0), 'a UDP socket'))
  const address = sockaddrIn(ANY, port)
  try {
    check(bind(fd, address, address.length), `UDP port ${port}`)
    return fd
  } catch (error) {
    close(fd)
    throw error
  }
}

function deaf(fd: number): number {
  try {
    setFilter(fd, NOTHING)
    return fd
  } catch (error) {
    close(fd)
    throw error
  }
}
