import { constants } from 'node:os'
import { errno, mapMemory, sendmmsg, SystemError } from '../../../src/linux/libc.js'
import { MessageArray } from '../../../src/linux/message-array.js'

/*
 * Datagrams in batches: sendmmsg(2) from one piece of memory. Numbers in the payload are little-endian, the host's order;
 * both ends run on it.
 */

/** Octets of a payload: 60 with UDP, IPv4 and Ethernet headers, and 64 with the frame check sequence that veths leave out. */
export const PAYLOAD_LEN = 18
export const FRAME_LEN = PAYLOAD_LEN + 8 + 20 + 14
/** 32-bit words between one payload and the next. */
const STRIDE = 8

const { EINTR, ECONNREFUSED, EHOSTUNREACH } = constants.errno
/** Harmless errors: a signal, or an ICMP error about an earlier frame. */
const PASSING = new Set([EINTR, ECONNREFUSED, EHOSTUNREACH])

/** `count` messages of one payload each; its first two words are the run and the frame's number in it, the rest is 0. */
export class Messages {
  readonly #words: Uint32Array
  readonly #messages: MessageArray

  constructor(readonly count: number) {
    const payloads = mapMemory(count * STRIDE * 4)
    this.#messages = new MessageArray(count)
    this.#words = new Uint32Array(payloads.bytes.buffer, payloads.bytes.byteOffset, count * STRIDE)
    const { view } = this.#messages.memory
    for (let i = 0; i < count; i++) {
      view.setBigUint64(i * 16, BigInt(payloads.address + i * STRIDE * 4), true)
      view.setBigUint64(i * 16 + 8, BigInt(PAYLOAD_LEN), true)
    }
  }

  /** Sends all messages on a connected socket, numbered from `first`; waits for room. Returns how many the kernel took. */
  send(fd: number, run: number, first: number): number {
    for (let i = 0; i < this.count; i++) {
      this.#words[i * STRIDE] = run
      this.#words[i * STRIDE + 1] = first + i
    }
    const sent: number = sendmmsg(fd, this.#messages.header(0), this.count, 0)
    if (sent >= 0 || PASSING.has(errno())) return Math.max(0, sent)
    throw new SystemError('sendmmsg')
  }
}

/** struct sockaddr_in. */
export function socketAddress(address: string, port: number): Uint8Array {
  return Uint8Array.from([2, 0, port >> 8, port & 255, ...address.split('.').map(Number), 0, 0, 0, 0, 0, 0, 0, 0])
}
