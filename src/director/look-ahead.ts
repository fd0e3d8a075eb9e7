/*
 * Gathers frames of one link when the connection table is larger than the CPU's cache: reads the buckets of all of them, then
 * their records, and only then handles the first frame. The CPU thus waits for many cache misses at once, not for one after the
 * other. The frames stay where they are until their device's `release`.
 */
import type { FrameSink } from '../packet/device.js'
import * as fromLocalPort from '../packet/local-port.js'
import { liesIn, slabOver, type Slab } from '../packet/frame.js'
import type { Link } from '../packet/link.js'
import type { Ipv4Addr } from '../wire/addr.js'
import * as fromEthernet from '../wire/ethernet.js'
import { EtherType } from '../wire/ethernet.js'
import * as fromIpv4 from '../wire/ipv4.js'
import * as fromPorts from '../wire/ports.js'
import type { Director } from './director.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { FIRST_LOCAL_PORT } = fromLocalPort
const { ETHER_TYPE_AT, ETHERNET_LEN } = fromEthernet
const { IPV4 } = EtherType
const { IPV4_DST_ADDR_AT, IPV4_MIN_LEN, IPV4_PROTOCOL_AT, IPV4_SRC_ADDR_AT, PLAIN_IPV4 } = fromIpv4
const { PORTS_LEN } = fromPorts

/** The most frames gathered: about as many cache misses as the CPU has outstanding at a time. */
const MOST = 32
/** The number of connections from which it pays: 4 MiB of records. */
const MANY = 2 ** 16
const LEAST = ETHERNET_LEN + IPV4_MIN_LEN + PORTS_LEN

export class LookAhead implements FrameSink {
  readonly #director: Director
  readonly #link: Link
  readonly #many: number
  readonly #slabs: Slab[] = Array.from({ length: MOST }, () => EMPTY)
  readonly #at = new Int32Array(MOST)
  readonly #len = new Int32Array(MOST)
  readonly #clientBuckets = new Int32Array(MOST)
  readonly #serverBuckets = new Int32Array(MOST)
  #clients = 0
  #servers = 0
  #waiting = 0
  /** The result of the reads, kept so that they are not optimized away. */
  touched = 0

  /** `many`: the number of connections from which frames are gathered. */
  constructor(director: Director, link: Link, many = MANY) {
    this.#director = director
    this.#many = many
    this.#link = link
  }

  /** Handles the frame now or in `done` at the latest, in order. */
  frame(slab: Slab, at: number, len: number): void {
    const waiting = this.#waiting
    if (waiting === 0 && this.#director.conns.table.count < this.#many) {
      this.#director.receive(this.#link, slab, at, len)
      return
    }
    this.#slabs[waiting] = slab
    this.#at[waiting] = at
    this.#len[waiting] = len
    this.#waiting = waiting + 1
    if (waiting + 1 === MOST) this.done()
  }

  /** Handles all gathered frames. */
  done(): void {
    const waiting = this.#waiting
    if (waiting === 0) return
    this.#waiting = 0
    this.#clients = 0
    this.#servers = 0
    for (let i = 0; i < waiting; i++) this.#find(this.#slabs[i]!, this.#at[i]!, this.#len[i]!)
    const { table, fullnatKeys } = this.#director.conns
    this.touched = table.touch(this.#clientBuckets, this.#clients, fullnatKeys.words)
    if (this.#servers > 0) this.touched ^= fullnatKeys.touch(this.#serverBuckets, this.#servers)
    for (let i = 0; i < waiting; i++) this.#director.receive(this.#link, this.#slabs[i]!, this.#at[i]!, this.#len[i]!)
  }

  /** Notes the bucket of the frame's connection. */
  #find(slab: Slab, at: number, len: number): void {
    const { view } = slab
    const ip = at + ETHERNET_LEN
    if (
      len < LEAST ||
      !liesIn(slab, at, len) ||
      view.getUint16(at + ETHER_TYPE_AT) !== IPV4 ||
      view.getUint8(ip) !== PLAIN_IPV4
    )
      return
    const { conns, ownAddresses } = this.#director
    const protocol = view.getUint8(ip + IPV4_PROTOCOL_AT)
    const src = view.getInt32(ip + IPV4_SRC_ADDR_AT) as Ipv4Addr
    const dst = view.getInt32(ip + IPV4_DST_ADDR_AT) as Ipv4Addr
    const ports = view.getInt32(ip + IPV4_MIN_LEN)
    if (!ownAddresses.has(dst)) {
      this.#clientBuckets[this.#clients++] = conns.table.bucketOf(protocol, dst, ports & 0xffff)
    } else if ((ports & 0xffff) >= FIRST_LOCAL_PORT && conns.fullnatKeys.isLaddr(dst)) {
      const bucket = conns.fullnatKeys.bucketOf(protocol, src, ports >>> 16, dst, ports & 0xffff)
      this.#serverBuckets[this.#servers++] = bucket
    } else this.#clientBuckets[this.#clients++] = conns.table.bucketOf(protocol, src, ports >>> 16)
  }
}

const EMPTY = slabOver(new ArrayBuffer(0))
