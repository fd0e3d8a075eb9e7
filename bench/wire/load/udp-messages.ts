import { constants } from 'node:os'
import { errno, mapMemory, sendmmsg, SystemError } from '../../../src/linux/libc.js'
import { MessageArray } from '../../../src/linux/message-array.js'

/*
 * Datagrams by the batch: sendmmsg(2) from one piece of memory. Numbers in the payload are little-endian, as this machine's;
 * both ends run on it.
 */

/** Octets of a payload: with UDP, IPv4 and Ethernet header 60, and 64 with the frame check sequence that veths leave out. */
export const PAYLOAD_LEN = 18
export const FRAME_LEN = PAYLOAD_LEN + 8 + 20 + 14
/** 32-bit words between one payload and the next. */
const STRIDE = 8

const { EINTR, ECONNREFUSED, EHOSTUNREACH } = constants.errno
/** A signal, or an ICMP error about a frame that has been sent: nothing that the next one could not do without. */
const PASSING = new Set([EINTR, ECONNREFUSED, EHOSTUNREACH])

/** `count` messages of a payload each, whose first two words are which run, and which frame of it; the rest is 0. */
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

  /** Sends them all on a connected socket, numbered from `first` on. Answers how many the kernel took; it waits for room. */
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
