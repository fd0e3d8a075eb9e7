import koffi from 'koffi'
import { KernelDown } from './kernel-down.js'

const libc = koffi.load(null)
const socketpair = libc.func('int socketpair(int domain, int type, int protocol, _Out_ int *pair)')
const sendCall = libc.func('intptr_t send(int fd, const void *octets, size_t len, int flags)')
const recvCall = libc.func('intptr_t recv(int fd, _Out_ void *octets, size_t len, int flags)')
const pollCall = libc.func('int poll(_Inout_ void *fds, unsigned long count, int timeout)')
const closeCall = libc.func('int close(int fd)')

const AF_UNIX = 1
const SOCK_CLOEXEC = 0o2000000
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000
const POLLIN = 1
/** struct pollfd: fd, events, revents. */
const POLLFD_LEN = 8
const MAX_OCTETS = 65_536

/** SOCK_STREAM carries lines, SOCK_DGRAM carries frames. */
export const STREAM = 1
export const DATAGRAM = 2

/**
 * One end of a pair of sockets; the other, `peer`, is for a child process. Waiting blocks this thread, which has nothing
 * else to do meanwhile.
 */
export class Socket {
  readonly fd: number
  readonly peer: number
  readonly #octets = new Uint8Array(MAX_OCTETS)

  constructor(type: typeof STREAM | typeof DATAGRAM) {
    const pair = [-1, -1]
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) < 0) throw new Error('socketpair failed')
    const [fd = -1, peer = -1] = pair
    this.fd = fd
    this.peer = peer
  }

  /** To be called once the child has its copy: from then on, the child's end closes when the child ends. */
  closePeer(): void {
    closeCall(this.peer)
  }

  close(): void {
    closeCall(this.fd)
  }

  send(octets: Uint8Array): void {
    if (Number(sendCall(this.fd, octets, octets.length, MSG_DONTWAIT | MSG_NOSIGNAL)) !== octets.length)
      throw new KernelDown('the kernel takes nothing any more')
  }

  /** The next message, 'nothing', or, for a stream whose other end has closed, 'closed'. */
  receive(): Uint8Array | 'nothing' | 'closed' {
    const len = Number(recvCall(this.fd, this.#octets, MAX_OCTETS, MSG_DONTWAIT))
    if (len === 0) return 'closed'
    return len < 0 ? 'nothing' : this.#octets.slice(0, len)
  }
}

/** Waits at most `ms` until one of the sockets is readable. */
export function waitFor(sockets: readonly Socket[], ms: number): void {
  const fds = Buffer.alloc(sockets.length * POLLFD_LEN)
  sockets.forEach(({ fd }, index) => {
    fds.writeInt32LE(fd, index * POLLFD_LEN)
    fds.writeInt16LE(POLLIN, index * POLLFD_LEN + 4)
  })
  pollCall(fds, sockets.length, Math.max(0, Math.ceil(ms)))
}
