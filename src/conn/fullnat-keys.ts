/*
 * What FULLNAT adds to a connection: the director's local address and port, by which the real server's answers are
 * found, and how far the client's address has been handed on. Eight words beside the connection's record, in an array
 * that is made with the first local address; `at` is where a connection's begin.
 */
import type { Jiffies } from './jiffies.js'
import { DADDR, DPORT_PROTOCOL, NONE, type ConnIndex } from './record.js'
import { IpProtocol } from '../wire/ipv4.js'
import { LocalPorts, type PortShare } from './local-ports.js'
import { RestingPorts } from './resting-ports.js'
import type { ConnTable } from './table.js'

export const LADDR = 0
/** 0: the connection has no local side. */
export const LPORT = 1
/** Next in the hash bucket. */
const NEXT = 2
/** The pool that the port goes back to. */
const POOL = 3
/** ClientAddress (8 bits), HandOver bits, and above them the octets of a PROXY header (16 bits). */
export const HAND_OVER = 4
/** Sequence number of the client's SYN; with TOA, of the real server's. */
export const FIRST_SEQ = 5
/** The end of what the client has sent, as far as it is asked for. */
export const NEXT_SEQ = 6
/** As far as the real server has acknowledged, the PROXY header counted in from the beginning. */
export const ACKED_SEQ = 7

/** How far handing on the client's address has come. */
export const HandOver = {
  /** FIRST_SEQ is known. */
  BEGUN: 0x100,
  /** The PROXY header has been sent; with TOA, data of the real server's. */
  SENT: 0x200,
  /** Nothing need be sent any more: the real server knows. */
  DONE: 0x400,
  /** The connection has been ended before its time: the real server may still hold its side. */
  EARLY: 0x800,
  /** The real server has acknowledged the SYN of FIRST_SEQ: what it counts from is known. */
  ANSWERED: 0x1000,
} as const

const WORDS_SHIFT = 1
/** Pairs that wake in one call: a bound. */
const MOST_AWAKE = 4096

/** Where a connection's local words begin: half of where its record does. */
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
  /** Each the complement of a bucket's newest connection, so that memory of zeros holds none: filling it would be a pause. */
  #heads: Int32Array = new Int32Array(0)
  #isSeeded = false
  #seed0 = 0
  #seed1 = 0
  #count = 0

  /** `random` gives unsigned 32-bit numbers. None is drawn before the first connection. */
  constructor(table: ConnTable, random: () => number, share?: PortShare) {
    this.#table = table
    this.#random = random
    this.ports = new LocalPorts(random, share)
  }

  /** Connections that have a local side. */
  get count(): number {
    return this.#count
  }

  /** Whether any connection's local side is at this address. */
  isLaddr(addr: number): boolean {
    return this.ports.inUse.has(addr)
  }

  /** Gives a connection, bound to its real server, its local side. `handOver` is the ClientAddress. */
  insert(conn: ConnIndex, laddr: number, lport: number, pool: number, handOver: number): void {
    if (!this.#isSeeded) this.#begin()
    const { words } = this
    const record = this.#table.words
    const at = keyAt(conn)
    const bucket = this.#bucket(record[conn + DADDR]!, record[conn + DPORT_PROTOCOL]!, laddr, lport)
    words[at + LADDR] = laddr
    words[at + LPORT] = lport
    words[at + POOL] = pool
    words[at + HAND_OVER] = handOver
    words[at + NEXT] = ~this.#heads[bucket]!
    this.#heads[bucket] = ~conn
    this.#count++
  }

  /**
   * Gives a connection the local side of another, which ends in its favour: the same client's, to the same real server,
   * which so sees the client's port as the client uses it.
   */
  inherit(from: ConnIndex, to: ConnIndex, handOver: number): void {
    const { words } = this
    const at = keyAt(from)
    const [laddr, lport, pool] = [words[at + LADDR]!, words[at + LPORT]!, words[at + POOL]!]
    this.#unlink(from)
    this.insert(to, laddr, lport, pool, handOver)
  }
  /** Pairs that no connection has, and none may have yet. */
  get resting(): number {
    return this.#resting.count
  }
  /** Whether the connection has a local side. */
  has(conn: ConnIndex): boolean {
    return this.#count > 0 && this.words[keyAt(conn) + LPORT] !== 0
  }
  /** The connection will be ended before its time: of TCP, the real server may hold its side for a while. */
  endsEarly(conn: ConnIndex): void {
    const isTcp = (this.#table.words[conn + DPORT_PROTOCOL]! & 0xff) === IpProtocol.TCP
    if (isTcp && this.has(conn)) this.words[keyAt(conn) + HAND_OVER]! |= HandOver.EARLY
  }

  /** Takes away what `insert` gave, if it gave anything; the pair is free again, at once or after a rest. */
  remove(conn: ConnIndex, now: Jiffies): void {
    if (!this.has(conn)) return
    const { words } = this
    const at = keyAt(conn)
    const [lport, pool] = [words[at + LPORT]!, words[at + POOL]!]
    this.#unlink(conn)
    if ((words[at + HAND_OVER]! & HandOver.EARLY) === 0) this.ports.give(pool, lport)
    else this.#resting.add(pool, lport, now)
  }
  /** Pairs that have rested are free again. */
  advance(now: Jiffies): void {
    if (this.#resting.count > 0) this.#resting.wake(now, MOST_AWAKE, this.ports)
  }

  #unlink(conn: ConnIndex): void {
    const { words } = this
    const at = keyAt(conn)
    const record = this.#table.words
    const lport = words[at + LPORT]!
    const bucket = this.#bucket(record[conn + DADDR]!, record[conn + DPORT_PROTOCOL]!, words[at + LADDR]!, lport)
    let other = ~this.#heads[bucket]! as ConnIndex
    if (other === conn) this.#heads[bucket] = ~words[at + NEXT]!
    else {
      while (words[keyAt(other) + NEXT] !== conn) other = words[keyAt(other) + NEXT]! as ConnIndex
      words[keyAt(other) + NEXT] = words[at + NEXT]!
    }
    words[at + LPORT] = 0
    this.#count--
  }

  /** Where a packet daddr:dport → laddr:lport is looked for. */
  bucketOf(protocol: number, daddr: number, dport: number, laddr: number, lport: number): number {
    return this.#bucket(daddr, (dport << 16) | protocol, laddr, lport)
  }
  /** As ConnTable.touch. */
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
  lookup(protocol: number, daddr: number, dport: number, laddr: number, lport: number): ConnIndex {
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

  /** Forgets every connection and every pair. */
  clear(): void {
    this.#heads.fill(0)
    this.words.fill(0)
    this.#count = 0
    this.ports.clear()
    this.#resting.clear()
  }

  /** Takes the memory: to be called when connections are to be expected, at the latest with the first. */
  prepare(): void {
    if (this.words.length > 0) return
    const { allocate, words, buckets } = this.#table
    this.words = allocate(words.length >>> WORDS_SHIFT)
    // In plain pages: chance takes the first connections all over it, and each new huge page is a pause.
    this.#heads = new Int32Array(buckets)
  }
  #begin(): void {
    this.prepare()
    this.#seed0 = this.#random() | 0
    this.#seed1 = this.#random() | 0
    this.#isSeeded = true
  }

  /** As the table's (conn/table.ts), over four words. */
  #bucket(daddr: number, server: number, laddr: number, lport: number): number {
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
