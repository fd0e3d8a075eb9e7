import { CADDR, CPORT_VPORT, DADDR, DPORT_PROTOCOL, NEXT, NONE, RECORD_WORDS, VADDR, type ConnIndex } from './record.js'

/** 1 GiB of records. */
export const MAX_CONNECTIONS = 2 ** 24

/**
 * Connections by their client's side: (protocol, caddr, cport), hashed with a seed. Both lookups go by it: a packet
 * from the client has it as its source, the answer as its destination. Newer connections are found first
 * (ipvs-behaviour.md §4.1). No objects, so a million connections cost the collector nothing.
 */
export class ConnTable {
  /** The records. Fields: record.ts. */
  readonly words: Int32Array
  readonly capacity: number
  readonly #heads: Int32Array
  readonly #mask: number
  readonly #seed0: number
  readonly #seed1: number
  #count = 0
  /** Head of the list of freed records; those from `#fresh` on have never been used. */
  #free: number = NONE
  #fresh = 0

  /** `random` gives unsigned 32-bit numbers: two are drawn, so that nobody can aim at one bucket. */
  constructor(capacity: number, random: () => number) {
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAX_CONNECTIONS)
      throw new RangeError(`a connection table holds 1 to ${MAX_CONNECTIONS} connections, not ${capacity}`)
    this.capacity = capacity
    this.words = new Int32Array(capacity * RECORD_WORDS)
    const buckets = 2 ** Math.max(8, Math.ceil(Math.log2(capacity)))
    this.#heads = new Int32Array(buckets).fill(NONE)
    this.#mask = buckets - 1
    this.#seed0 = random() | 0
    this.#seed1 = random() | 0
  }

  get count(): number {
    return this.#count
  }
  get buckets(): number {
    return this.#heads.length
  }
  /** The newest connection of a bucket; the others follow by NEXT. */
  bucketHead(bucket: number): ConnIndex {
    return this.#heads[bucket]! as ConnIndex
  }

  /** Who is it from: a packet caddr:cport → vaddr:vport. */
  lookupInbound(protocol: number, caddr: number, cport: number, vaddr: number, vport: number): ConnIndex {
    const words = this.words
    const ports = (cport << 16) | vport
    let conn = this.#heads[this.#bucket(protocol, caddr, cport)]!
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

  /** Whose answer is it: a packet daddr:dport → caddr:cport. */
  lookupOutbound(protocol: number, daddr: number, dport: number, caddr: number, cport: number): ConnIndex {
    const words = this.words
    const server = (dport << 16) | protocol
    let conn = this.#heads[this.#bucket(protocol, caddr, cport)]!
    while (conn !== NONE) {
      if (
        words[conn + CADDR] === caddr &&
        words[conn + CPORT_VPORT]! >>> 16 === cport &&
        words[conn + DADDR] === daddr &&
        words[conn + DPORT_PROTOCOL] === server
      )
        break
      conn = words[conn + NEXT]!
    }
    return conn as ConnIndex
  }

  /** A record with its key filled in, every other field 0, first in its bucket; NONE when the table is full. */
  insert(protocol: number, caddr: number, cport: number, vaddr: number, vport: number): ConnIndex {
    const words = this.words
    let conn = this.#free
    if (conn !== NONE) {
      this.#free = words[conn + NEXT]!
    } else {
      if (this.#fresh === words.length) return NONE
      conn = this.#fresh
      this.#fresh += RECORD_WORDS
    }
    words.fill(0, conn, conn + RECORD_WORDS)
    words[conn + CADDR] = caddr
    words[conn + CPORT_VPORT] = (cport << 16) | vport
    words[conn + VADDR] = vaddr
    words[conn + DPORT_PROTOCOL] = protocol
    const bucket = this.#bucket(protocol, caddr, cport)
    words[conn + NEXT] = this.#heads[bucket]!
    this.#heads[bucket] = conn
    this.#count++
    return conn as ConnIndex
  }

  /** Takes the record out of its bucket and frees it. It must be in the table. */
  remove(conn: ConnIndex): void {
    const words = this.words
    const bucket = this.#bucket(
      words[conn + DPORT_PROTOCOL]! & 0xff,
      words[conn + CADDR]!,
      words[conn + CPORT_VPORT]! >>> 16,
    )
    let at = this.#heads[bucket]!
    if (at === conn) this.#heads[bucket] = words[conn + NEXT]!
    else {
      while (words[at + NEXT] !== conn) at = words[at + NEXT]!
      words[at + NEXT] = words[conn + NEXT]!
    }
    words[conn + NEXT] = this.#free
    this.#free = conn
    this.#count--
  }

  /** Forgets every connection. */
  clear(): void {
    this.#heads.fill(NONE)
    this.#free = NONE
    this.#fresh = 0
    this.#count = 0
  }

  /** Two rounds of murmur3's mixing; the seed also enters the words, so that no pair of keys collides under every seed. */
  #bucket(protocol: number, caddr: number, cport: number): number {
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
