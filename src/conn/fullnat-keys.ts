/*
 * The local side of a FULLNAT connection: the director's local address and port (a pair), by which the real server's
 * answers are found, and the state of handing over the client's address. Eight words for each record, in an array that is
 * allocated with the first local address; `at` is the index of a connection's first word.
 */
import type { Jiffies } from './jiffies.js'
import * as fromRecord from './record.js'
import type { ConnIndex } from './record.js'
import type { Ipv4Addr } from '../wire/addr.js'
import { IpProtocol } from '../wire/ipv4.js'
import { LocalPorts, type PortShare } from './local-ports.js'
import { RestingPorts } from './resting-ports.js'
import { ClientAddress } from '../service/method.js'
import type { ConnTable } from './table.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { DADDR, DPORT_PROTOCOL, NONE } = fromRecord
const { TCP } = IpProtocol
const { NONE: NO_HAND_OVER, TOA } = ClientAddress

export const LADDR = 0
/** 0: the connection has no local side. */
export const LPORT = 1
/** Next in the hash bucket. */
const NEXT = 2
/** The pool that the port returns to. */
const POOL = 3
/** ClientAddress (8 bits), HandOver bits, and above them the length of a PROXY header in octets (16 bits). */
export const HAND_OVER = 4
/** Sequence number of the client's SYN; with TOA, of the real server's. */
export const FIRST_SEQ = 5
/** The end of the client's data so far. Kept only until the PROXY header is acknowledged. */
export const NEXT_SEQ = 6
/** The real server's highest acknowledgement; in the beginning, the end of the PROXY header. */
export const ACKED_SEQ = 7

/** State of handing over the client's address. */
export const HandOver = {
  /** FIRST_SEQ is known. */
  BEGUN: 0x100,
  /** The PROXY header has been sent; with TOA: the real server has sent data. */
  SENT: 0x200,
  /** The real server has the client's address; nothing more is sent. */
  DONE: 0x400,
  /** The connection was ended early; the real server may still hold its side. */
  EARLY: 0x800,
  /** The real server has acknowledged the SYN of FIRST_SEQ. */
  ANSWERED: 0x1000,
} as const
const { DONE } = HandOver

/** No segment needs the client's address: no hand-over, or TOA that the real server has. */
export function isHandedOver(state: number): boolean {
  const mode = state & 0xff
  return mode === NO_HAND_OVER || (mode === TOA && (state & DONE) !== 0)
}

const WORDS_SHIFT = 1
/** The most resting pairs that one call frees. */
const MOST_AWAKE = 4096

/** The index of a connection's first word: half that of its record, which has 16. */
export function keyAt(conn: ConnIndex): number {
  return conn >>> WORDS_SHIFT
}

export class FullnatKeys {
  /** Empty until `prepare`. */
  words: Int32Array = new Int32Array(0)
  readonly ports: LocalPorts
  readonly #resting = new RestingPorts()
  readonly #table: ConnTable
  readonly #random: () => number
  /** The complement of each bucket's newest connection: 0 is an empty bucket, so that new memory need not be filled. */
  #heads: Int32Array = new Int32Array(0)
  #isSeeded = false
  #seed0 = 0
  #seed1 = 0
  #count = 0

  /** `random` returns unsigned 32-bit numbers. None is drawn before the first connection. */
  constructor(table: ConnTable, random: () => number, share?: PortShare) {
    this.#table = table
    this.#random = random
    this.ports = new LocalPorts(random, share)
  }

  /** The number of connections with a local side. */
  get count(): number {
    return this.#count
  }

  /** Whether any connection has this local address. */
  isLaddr(addr: Ipv4Addr): boolean {
    return this.ports.inUse.has(addr)
  }

  /** Gives a connection, already bound to its real server, its local side. `handOver` is the ClientAddress. */
  insert(conn: ConnIndex, laddr: Ipv4Addr, lport: number, pool: number, handOver: number): void {
    if (!this.#isSeeded) this.#begin()
    const { words } = this
    const record = this.#table.words
    const at = keyAt(conn)
    const bucket = this.#bucket(record[conn + DADDR]! as Ipv4Addr, record[conn + DPORT_PROTOCOL]!, laddr, lport)
    words[at + LADDR] = laddr
    words[at + LPORT] = lport
    words[at + POOL] = pool
    words[at + HAND_OVER] = handOver
    words[at + NEXT] = ~this.#heads[bucket]!
    this.#heads[bucket] = ~conn
    this.#count++
  }

  /**
   * Moves the local side of the connection `from` to `to`, which replaces it. Both are the same client's to the same real
   * server, which thus sees that the client uses its port again.
   */
  inherit(from: ConnIndex, to: ConnIndex, handOver: number): void {
    const { words } = this
    const at = keyAt(from)
    const laddr = words[at + LADDR]! as Ipv4Addr
    const lport = words[at + LPORT]!
    const pool = words[at + POOL]!
    this.#unlink(from)
    this.insert(to, laddr, lport, pool, handOver)
  }
  /** The number of pairs that are resting: no connection has them, none may get them yet. */
  get resting(): number {
    return this.#resting.count
  }
  /** Whether the connection has a local side. */
  has(conn: ConnIndex): boolean {
    return this.#count > 0 && this.words[keyAt(conn) + LPORT] !== 0
  }
  /** Notes that the connection ends early: a TCP real server may still hold its side for a while. */
  endsEarly(conn: ConnIndex): void {
    const isTcp = (this.#table.words[conn + DPORT_PROTOCOL]! & 0xff) === TCP
    if (isTcp && this.has(conn)) this.words[keyAt(conn) + HAND_OVER]! |= HandOver.EARLY
  }

  /** Removes the local side, if the connection has one. The pair is free again, at once or after a rest. */
  remove(conn: ConnIndex, now: Jiffies): void {
    if (!this.has(conn)) return
    const { words } = this
    const at = keyAt(conn)
    const lport = words[at + LPORT]!
    const pool = words[at + POOL]!
    this.#unlink(conn)
    if ((words[at + HAND_OVER]! & HandOver.EARLY) === 0) this.ports.give(pool, lport)
    else this.#resting.add(pool, lport, now)
  }
  /** Frees pairs that have rested long enough. */
  advance(now: Jiffies): void {
    if (this.#resting.count > 0) this.#resting.wake(now, MOST_AWAKE, this.ports)
  }

  #unlink(conn: ConnIndex): void {
    const { words } = this
    const at = keyAt(conn)
    const record = this.#table.words
    const lport = words[at + LPORT]!
    const daddr = record[conn + DADDR]! as Ipv4Addr
    const bucket = this.#bucket(daddr, record[conn + DPORT_PROTOCOL]!, words[at + LADDR]! as Ipv4Addr, lport)
    let other = ~this.#heads[bucket]! as ConnIndex
    if (other === conn) this.#heads[bucket] = ~words[at + NEXT]!
    else {
      while (words[keyAt(other) + NEXT] !== conn) other = words[keyAt(other) + NEXT]! as ConnIndex
      words[keyAt(other) + NEXT] = words[at + NEXT]!
    }
    words[at + LPORT] = 0
    this.#count--
  }

  /** The hash bucket of a packet daddr:dport → laddr:lport. */
  bucketOf(protocol: number, daddr: Ipv4Addr, dport: number, laddr: Ipv4Addr, lport: number): number {
    return this.#bucket(daddr, (dport << 16) | protocol, laddr, lport)
  }
  /** Reads ahead, like ConnTable.touch. */
  touch(buckets: Int32Array, count: number): number {
    const heads = this.#heads
    const { words } = this
    const record = this.#table.words
    let read = 0
    for (let i = 0; i < count; i++) buckets[i] = ~heads[buckets[i]!]!
    for (let i = 0; i < count; i++)
      if (buckets[i]! >= 0) read ^= words[buckets[i]! >>> WORDS_SHIFT]! ^ record[buckets[i]!]!
    return read
  }

  /** The connection that a packet daddr:dport → laddr:lport answers. */
  lookup(protocol: number, daddr: Ipv4Addr, dport: number, laddr: Ipv4Addr, lport: number): ConnIndex {
    if (this.#count === 0) return NONE
    const { words } = this
    const record = this.#table.words
    const server = (dport << 16) | protocol
    let conn = ~this.#heads[this.#bucket(daddr, server, laddr, lport)]! as ConnIndex
    while (conn !== NONE) {
      const at = keyAt(conn)
      if (
        words[at + LPORT] === lport &&
        words[at + LADDR] === laddr &&
        record[conn + DADDR] === daddr &&
        record[conn + DPORT_PROTOCOL] === server
      )
        break
      conn = words[at + NEXT]! as ConnIndex
    }
    return conn
  }

  /** Removes every connection and frees every pair. */
  clear(): void {
    this.#heads.fill(0)
    this.words.fill(0)
    this.#count = 0
    this.ports.clear()
    this.#resting.clear()
  }

  /** Allocates the memory. Call it when connections are expected, at the latest for the first one. */
  prepare(): void {
    if (this.words.length > 0) return
    const { allocate, words, buckets } = this.#table
    this.words = allocate(words.length >>> WORDS_SHIFT)
    // In plain pages: the hash spreads the first connections over all of it, and faulting in a huge page is a pause.
    this.#heads = new Int32Array(buckets)
  }
  #begin(): void {
    this.prepare()
    this.#seed0 = this.#random() | 0
    this.#seed1 = this.#random() | 0
    this.#isSeeded = true
  }

  /** The hash of conn/table.ts over four words. */
  #bucket(daddr: Ipv4Addr, server: number, laddr: Ipv4Addr, lport: number): number {
    let h = mix(this.#seed1, daddr ^ this.#seed0)
    h = mix(h, server ^ this.#seed0)
    h = mix(h, laddr ^ this.#seed0)
    h = mix(h, lport ^ this.#seed0)
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    return (h ^ (h >>> 16)) & (this.#heads.length - 1)
  }
}

function mix(h: number, word: number): number {
  let a = Math.imul(word, 0xcc9e2d51)
  a = Math.imul((a << 15) | (a >>> 17), 0x1b873593)
  h ^= a
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}
