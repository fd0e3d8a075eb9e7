import { constants } from 'node:os'
import koffi from 'koffi'
import { check, errno, mapMemory, sendmmsg, setsockopt, SystemError } from '../src/io/libc.js'

/*
 * Datagrams by the batch: sendmmsg(2) and recvmmsg(2) over one piece of memory, for the programs that load and count.
 * Numbers in the payload are little-endian, as this machine's; both ends run on it.
 */

/** Octets of a payload: with UDP, IPv4 and Ethernet header 60, and 64 with the frame check sequence that veths leave out. */
export const PAYLOAD_LEN = 18
export const FRAME_LEN = PAYLOAD_LEN + 8 + 20 + 14

const IOVEC_LEN = 16
/** struct mmsghdr: a struct msghdr of 56 octets, the octets that passed, padding. */
const MMSGHDR_LEN = 64
const MSG_IOV = 16
const MSG_IOVLEN = 24
const MSG_DONTWAIT = 0x40

const SOL_SOCKET = 1
const SO_RCVBUFFORCE = 33
const { EAGAIN, EINTR, ECONNREFUSED, EHOSTUNREACH } = constants.errno
/** A signal, or an ICMP error about a frame that has been sent: nothing that the next one could not do without. */
const PASSING = new Set([EINTR, ECONNREFUSED, EHOSTUNREACH])

const libc = koffi.load(null)
const recvmmsg = libc.func('int recvmmsg(int fd, uintptr_t messages, unsigned int count, int flags, uintptr_t timeout)')

/** `count` messages with a payload each of which the first two words are ours: which run, and which frame of it. */
export class Messages {
  /** Word pairs, message after message: `words[2 * i]` and the next. Only a sender's payload has more octets, all 0. */
  readonly words: Uint32Array
  readonly #headers: number

  private constructor(
    readonly count: number,
    payloadLen: number,
    stride: number,
  ) {
    const payloads = mapMemory(count * stride)
    const memory = mapMemory(count * (IOVEC_LEN + MMSGHDR_LEN))
    this.words = new Uint32Array(payloads.bytes.buffer, payloads.bytes.byteOffset, (count * stride) / 4)
    this.#headers = memory.address + count * IOVEC_LEN
    for (let i = 0; i < count; i++) {
      const iovec = i * IOVEC_LEN
      const header = count * IOVEC_LEN + i * MMSGHDR_LEN
      memory.view.setBigUint64(iovec, BigInt(payloads.address + i * stride), true)
      memory.view.setBigUint64(iovec + 8, BigInt(payloadLen), true)
      memory.view.setBigUint64(header + MSG_IOV, BigInt(memory.address + iovec), true)
      memory.view.setBigUint64(header + MSG_IOVLEN, 1n, true)
    }
  }

  /** Words between one message's first and the next one's. */
  static readonly SEND_STRIDE = 8

  static toSend(count: number): Messages {
    return new Messages(count, PAYLOAD_LEN, Messages.SEND_STRIDE * 4)
  }

  /** Reads the two words and no more of each datagram: what is behind them the kernel need not copy. */
  static toReceive(count: number): Messages {
    return new Messages(count, 8, 8)
  }

  /** Sends the first `count` on a connected socket. Answers how many the kernel took; it waits for room. */
  send(fd: number, count: number): number {
    const sent: number = sendmmsg(fd, this.#headers, count, 0)
    if (sent >= 0 || PASSING.has(errno())) return Math.max(0, sent)
    throw new SystemError('sendmmsg')
  }

  /** Receives what there is, as much as fits; 0 where there is nothing. Does not wait. */
  receive(fd: number): number {
    const received: number = recvmmsg(fd, this.#headers, this.count, MSG_DONTWAIT, 0)
    if (received >= 0) return received
    if (errno() === EAGAIN || errno() === EINTR) return 0
    throw new SystemError('recvmmsg')
  }
}

/** Lets a socket hold `octets` (the kernel counts what it keeps beside the payload too), beyond net.core.rmem_max. */
export function forceReceiveBuffer(fd: number, octets: number): void {
  check(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, new Int32Array([octets]), 4), 'SO_RCVBUFFORCE')
}

/** struct sockaddr_in. */
export function socketAddress(address: string, port: number): Uint8Array {
  return Uint8Array.from([2, 0, port >> 8, port & 255, ...address.split('.').map(Number), 0, 0, 0, 0, 0, 0, 0, 0])
}
