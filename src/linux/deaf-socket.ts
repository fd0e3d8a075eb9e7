import { bind, check, close, socket } from './libc.js'
import { NOTHING, setFilter } from './packet-socket.js'

const AF_INET = 2
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000
const SOCK_RAW_CLOEXEC = 3 | 0o2000000
const SOCKADDR_IN_LEN = 16

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
  const address = Buffer.alloc(SOCKADDR_IN_LEN)
  address.writeUInt16LE(AF_INET, 0)
  address.writeUInt16BE(port, 2)
  try {
    check(bind(fd, address, SOCKADDR_IN_LEN), `UDP port ${port}`)
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
