import type { Slab } from '../../packet/frame.js'
import {
  bind,
  check,
  close,
  EAGAIN,
  EINTR,
  ENOBUFS,
  errno,
  mapMemory,
  recvfrom,
  setsockopt,
  socket,
  SystemError,
  write,
} from '../libc.js'
import { SOCK_NONBLOCK, SOCK_RAW_CLOEXEC } from '../socket-constants.js'
import { setSocketOption, SocketOption, trySocketOption, wordOf } from '../socket-option.js'
import { HOST_ORDER } from './message.js'

const AF_NETLINK = 16
const NETLINK_ROUTE = 0
const SOL_NETLINK = 270
const ADD_MEMBERSHIP = 1
/** recv(2) returns how long the datagram was, though it had no room for all of it. */
const MSG_TRUNC = 0x20
/** struct sockaddr_nl: family, port of the sender (0 is the kernel), groups. */
const SOCKADDR_LEN = 12
const SOCKADDR_PORT = 4
/** An answer that takes longer than that, in s, does not come. */
const ANSWER_SECONDS = 10

/** More than the kernel puts into one datagram (32 KiB, netlink(7)). */
export const BUFFER_LEN = 1 << 16
/** Behind it in the same memory: the sender's address, and its octets. */
const SENDER = BUFFER_LEN
const SENDER_LEN = SENDER + 16

/** What `receive` returns besides octets: nothing is there; some was lost; this one is not to be read. */
export const NOTHING = 0
export const LOST = -1
export const IGNORED = -2

let memory: Slab | undefined

/** A socket of rtnetlink(7). */
export class NetlinkSocket {
  readonly fd: number
  /** What was received last, and what is sent next: one for all sockets of the thread. */
  readonly view: DataView<ArrayBufferLike>
  readonly #address: number

  /** `isBlocking`: `receive` waits for an answer. SystemError where there is no such socket, or none may be had. */
  constructor(isBlocking: boolean) {
    memory ??= mapMemory(SENDER_LEN + 8)
    this.view = memory.view
    this.#address = memory.address
    this.fd = check(
      socket(AF_NETLINK, SOCK_RAW_CLOEXEC | (isBlocking ? 0 : SOCK_NONBLOCK), NETLINK_ROUTE),
      'opening an rtnetlink socket',
    )
    const address = Buffer.alloc(SOCKADDR_LEN)
    address.writeUInt16LE(AF_NETLINK, 0)
    const patience = Buffer.alloc(16)
    patience.writeUInt32LE(ANSWER_SECONDS, 0)
    try {
      check(bind(this.fd, address, SOCKADDR_LEN), 'binding an rtnetlink socket')
      setSocketOption(this.fd, SocketOption.RCVTIMEO, patience, 'SO_RCVTIMEO')
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** From now on a group's news come. SystemError if there is no such group, unless it is optional. */
  join(group: number, isOptional = false): void {
    const joined: number = setsockopt(this.fd, SOL_NETLINK, ADD_MEMBERSHIP, wordOf(group), 4)
    if (!isOptional) check(joined, `rtnetlink's group ${group}`)
  }

  /** Gives news so much room, in octets, while they wait; without privileges no more than net.core.rmem_max. */
  setRoom(octets: number): void {
    if (!trySocketOption(this.fd, SocketOption.RCVBUFFORCE, wordOf(octets)))
      setSocketOption(this.fd, SocketOption.RCVBUF, wordOf(octets), 'SO_RCVBUF')
  }

  /** Sends the first octets of `view` to the kernel. */
  send(octets: number): void {
    check(write(this.fd, this.#address, octets), 'asking rtnetlink')
  }

  /**
   * Takes a datagram into `view`: its octets, above 0; else NOTHING, LOST where the kernel had no room for all of them,
   * IGNORED where it is not of the kernel.
   */
  receive(): number {
    for (;;) {
      this.view.setUint32(SENDER_LEN, SOCKADDR_LEN, HOST_ORDER)
      const sender = this.#address + SENDER
      const octets: number = recvfrom(this.fd, this.#address, BUFFER_LEN, MSG_TRUNC, sender, this.#address + SENDER_LEN)
      if (octets > BUFFER_LEN) return LOST
      if (octets >= 0)
        return octets > 0 && this.view.getUint32(SENDER + SOCKADDR_PORT, HOST_ORDER) === 0 ? octets : IGNORED
      const why = errno()
      if (why === EAGAIN) return NOTHING
      if (why === ENOBUFS) return LOST
      if (why !== EINTR) throw new SystemError('reading rtnetlink', why)
    }
  }

  close(): void {
    close(this.fd)
  }
}
