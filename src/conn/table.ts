import { Method } from '../service/method.js'
import type { Ipv4Addr } from '../wire/addr.js'
import * as fromRecord from './record.js'
import { ConnFlag, type ConnIndex } from './record.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { MASQ } = Method
const { CADDR, CONTROLLER, CPORT_VPORT, DADDR, DPORT_PROTOCOL, FLAGS, NEXT, NONE, RECORD_WORDS, VADDR } = fromRecord
const { METHOD, TEMPLATE } = ConnFlag

/** Buckets of the kernel's table. Random dropping visits as large a share of the table as the kernel's (§10.2). */
export const KERNEL_BUCKETS = 4096
/** Returns that many zeroed words. They are never freed. */
export type AllocateWords = (count: number) => Int32Array

/** 1 GiB of records. */
export const MAX_CONNECTIONS = 2 ** 24

/**
 * Connections by their client's side: (protocol, caddr, cport), hashed with a seed. Both lookups use it: a client's packet
 * has it as its source, the answer as its destination. Newer connections are found first (ipvs-behaviour.md §4.1). A
 * connection is no object, so a million of them cost the garbage collector nothing.
 */
export class ConnTable {
  /** The records. Fields: record.ts. */
  readonly words: Int32Array
  readonly capacity: number
  readonly allocate: AllocateWords
  readonly #heads: Int32Array
  readonly #mask: number
  readonly #seed0: number
  readonly #seed1: number
  #count = 0
  /** Head of the list of freed records. Records from `#fresh` on have never been used. */
  #free: number = NONE
  #fresh = 0

  /** `random` returns unsigned 32-bit numbers. Two seed the hash, so that no client can aim at a bucket. */
  constructor(capacity: number, random: () => number, allocate: AllocateWords = plainWords) {
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAX_CONNECTIONS)
      throw new RangeError(`a connection table holds 1 to ${MAX_CONNECTIONS} connections, not ${capacity}`)
    this.capacity = capacity
    this.allocate = allocate
    this.words = allocate(capacity * RECORD_WORDS)
    const buckets = Math.max(KERNEL_BUCKETS, 2 ** Math.ceil(Math.log2(capacity * 2)))
    this.#heads = allocate(buckets).fill(NONE)
    this.#mask = buckets - 1
    this.#seed0 = random() | 0
    this.#seed1 = random() | 0
  }

  get count(): number {
    return this.#count
  }
  /** The end of the records that have been used; those that are free have protocol 0. */
  get end(): number {
    return this.#fresh
  }
  get buckets(): number {
    return this.#heads.length
  }
  /** The newest connection of a bucket. The others follow by NEXT. */
  bucketHead(bucket: number): ConnIndex {
    return this.#heads[bucket]! as ConnIndex
  }

  /**
   * Reads the records of the first connections in `count` buckets, and their FULLNAT words if there are any, so that the later
   * lookups find them in the cache. The loops are short and their reads independent, so that the CPU overlaps them. Overwrites
   * `buckets`. Returns a value that depends on all reads, so that they are not optimized away.
   */
  touch(buckets: Int32Array, count: number, keyWords: Int32Array): number {
    const words = this.words
    const heads = this.#heads
    let read = 0
    for (let i = 0; i < count; i++) buckets[i] = heads[buckets[i]!]!
    for (let i = 0; i < count; i++) if (buckets[i]! >= 0) read ^= words[buckets[i]!]!
    if (keyWords.length > 0) for (let i = 0; i < count; i++) if (buckets[i]! >= 0) read ^= keyWords[buckets[i]! >>> 1]!
    return read
  }

  /** The connection of a packet caddr:cport → vaddr:vport. NONE for client port 0, as in the kernel (§4.3). */
  lookupInbound(protocol: number, caddr: Ipv4Addr, cport: number, vaddr: Ipv4Addr, vport: number): ConnIndex {
    if (cport === 0) return NONE
    const words = this.words
    const ports = (cport << 16) | vport
    let conn = this.#heads[this.bucketOf(protocol, caddr, cport)]!
    while (conn !== NONE) {
      if (
        words[conn + CADDR] === caddr &&
        words[conn + CPORT_VPORT] === ports &&
        words[conn + VADDR] === vaddr &&
        (words[conn + DPORT_PROTOCOL]! & 0xff) === protocol
      )
        break
      conn = words[conn + NEXT]!
    }
    return conn as ConnIndex
  }

  /**
   * The connection of the answer daddr:dport → caddr:cport, or, unless its method is NAT, vaddr:vport → caddr:cport (§4.3).
   * Never a template (client port 0).
   */
  lookupOutbound(protocol: number, daddr: Ipv4Addr, dport: number, caddr: Ipv4Addr, cport: number): ConnIndex {
    const words = this.words
    const server = (dport << 16) | protocol
    let conn = this.#heads[this.bucketOf(protocol, caddr, cport)]!
    while (conn !== NONE) {
      if (
        words[conn + CADDR] === caddr &&
        words[conn + CPORT_VPORT]! >>> 16 === cport &&
        ((words[conn + FLAGS]! & METHOD) === MASQ
          ? words[conn + DADDR] === daddr && words[conn + DPORT_PROTOCOL] === server
          : this.#isVirtual(conn, protocol, daddr, dport)) &&
        (cport !== 0 || (words[conn + FLAGS]! & TEMPLATE) === 0)
      )
        break
      conn = words[conn + NEXT]!
    }
    return conn as ConnIndex
  }

  /** The persistence template of a client network. If `protocol` is 0, `vaddr` is the mark (§4.6). */
  lookupTemplate(protocol: number, caddr: Ipv4Addr, vaddr: Ipv4Addr, vport: number): ConnIndex {
    const words = this.words
    let conn = this.#heads[this.bucketOf(protocol, caddr, 0)]!
    while (conn !== NONE) {
      if (
        words[conn + CADDR] === caddr &&
        words[conn + CPORT_VPORT] === vport &&
        words[conn + VADDR] === vaddr &&
        (words[conn + DPORT_PROTOCOL]! & 0xff) === protocol &&
        (words[conn + FLAGS]! & TEMPLATE) !== 0
      )
        break
      conn = words[conn + NEXT]!
    }
    return conn as ConnIndex
  }

  /** Puts a record first in its bucket, with only its key filled in. Returns NONE when the table is full. */
  insert(protocol: number, caddr: Ipv4Addr, cport: number, vaddr: Ipv4Addr, vport: number): ConnIndex {
    const conn = this.insertHidden(protocol, caddr, cport, vaddr, vport)
    if (conn === NONE) return NONE
    const bucket = this.bucketOf(protocol, caddr, cport)
    this.words[conn + NEXT] = this.#heads[bucket]!
    this.#heads[bucket] = conn
    return conn
  }
  /** The same in no bucket, so that no lookup finds it (one-packet scheduling). The caller must `free` it. */
  insertHidden(protocol: number, caddr: Ipv4Addr, cport: number, vaddr: Ipv4Addr, vport: number): ConnIndex {
    const words = this.words
    let conn = this.#free
    if (conn !== NONE) {
      this.#free = words[conn + NEXT]!
    } else {
      if (this.#fresh === words.length) return NONE
      conn = this.#fresh
      this.#fresh += RECORD_WORDS
    }
    // A call of fill costs more than all of these.
    for (let at = conn; at < conn + RECORD_WORDS; at++) words[at] = 0
    words[conn + CADDR] = caddr
    words[conn + CPORT_VPORT] = (cport << 16) | vport
    words[conn + VADDR] = vaddr
    words[conn + DPORT_PROTOCOL] = protocol
    words[conn + CONTROLLER] = NONE
    this.#count++
    return conn as ConnIndex
  }

  /** Takes a record out of its bucket and frees it. It must be in a bucket. */
  remove(conn: ConnIndex): void {
    const words = this.words
    const protocol = words[conn + DPORT_PROTOCOL]! & 0xff
    const bucket = this.bucketOf(protocol, words[conn + CADDR]! as Ipv4Addr, words[conn + CPORT_VPORT]! >>> 16)
    let at = this.#heads[bucket]!
    if (at === conn) this.#heads[bucket] = words[conn + NEXT]!
    else {
      while (words[at + NEXT] !== conn) at = words[at + NEXT]!
      words[at + NEXT] = words[conn + NEXT]!
    }
    this.free(conn)
  }
  /** Frees a record that is in no bucket. */
  free(conn: ConnIndex): void {
    this.words[conn + DPORT_PROTOCOL] = 0 // who looks at all records passes it by
    this.words[conn + NEXT] = this.#free
    this.#free = conn
    this.#count--
  }

  /** Frees every connection. */
  clear(): void {
    this.#heads.fill(NONE)
    this.#free = NONE
    this.#fresh = 0
    this.#count = 0
  }

  #isVirtual(conn: number, protocol: number, addr: Ipv4Addr, port: number): boolean {
    const words = this.words
    if (words[conn + VADDR] !== addr || (words[conn + CPORT_VPORT]! & 0xffff) !== port) return false
    return (words[conn + DPORT_PROTOCOL]! & 0xff) === protocol
  }

  /** Two rounds of murmur3's mixing. The seed also enters the words, so that no two keys collide under every seed. */
  bucketOf(protocol: number, caddr: Ipv4Addr, cport: number): number {
    let a = Math.imul(caddr ^ this.#seed0, 0xcc9e2d51)
    a = Math.imul((a << 15) | (a >>> 17), 0x1b873593)
    let h = this.#seed1 ^ a
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
    let b = Math.imul(((cport << 8) | protocol) ^ this.#seed0, 0xcc9e2d51)
    b = Math.imul((b << 15) | (b >>> 17), 0x1b873593)
    h ^= b
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    return (h ^ (h >>> 16)) & this.#mask
  }
}

function plainWords(count: number): Int32Array {
  return new Int32Array(count)
}
