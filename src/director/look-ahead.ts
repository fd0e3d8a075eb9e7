/*
 * Frames of one port, some at a time, while the connections are too many for the processor's cache: of all of them first
 * the bucket, then the record is looked at, and only then the first is handled. Memory then answers for many at once,
 * where it would answer for one after the other. The frames lie where they are until their device's `release`.
 */
import { localAt } from '../conn/local-keys.js'
import { NONE } from '../conn/record.js'
import type { FrameSink } from '../io/device.js'
import { slabOver, type Slab } from '../packet/frame.js'
import type { Port } from '../packet/port.js'
import { ETHERNET_LEN, EtherType } from '../wire/ethernet.js'
import { IPV4_MIN_LEN } from '../wire/ipv4.js'
import type { Director } from './director.js'

/** Frames that are looked ahead at: the processor has that many questions to memory open, or nearly so. */
const MOST = 32
/** Connections from which on it pays: 4 MiB of records. */
const MANY = 2 ** 16
const LEAST = ETHERNET_LEN + IPV4_MIN_LEN + 4
const PLAIN_IPV4 = 0x45
/** In place of a bucket: nothing was looked at. Of FULLNAT's local sides: the bucket's complement, less one. */
const NOWHERE = -1

export class LookAhead implements FrameSink {
  readonly #director: Director
  readonly #port: Port
  readonly #slabs: Slab[] = Array.from({ length: MOST }, () => EMPTY)
  readonly #at = new Int32Array(MOST)
  readonly #len = new Int32Array(MOST)
  readonly #buckets = new Int32Array(MOST)
  #waiting = 0
  /** What was read, so that it must be. */
  touched = 0

  constructor(director: Director, port: Port) {
    this.#director = director
    this.#port = port
  }

  /** Handles the frame, now or by `done` at the latest, in the frames' order. */
  frame(slab: Slab, at: number, len: number): void {
    const waiting = this.#waiting
    if (waiting === 0 && this.#director.conns.table.count < MANY) {
      this.#director.receive(this.#port, slab, at, len)
      return
    }
    this.#slabs[waiting] = slab
    this.#at[waiting] = at
    this.#len[waiting] = len
    this.#waiting = waiting + 1
    if (waiting + 1 === MOST) this.done()
  }

  /** There are no more for now. */
  done(): void {
    const waiting = this.#waiting
    if (waiting === 0) return
    this.#waiting = 0
    for (let i = 0; i < waiting; i++) this.#buckets[i] = this.#touchBucket(this.#slabs[i]!, this.#at[i]!, this.#len[i]!)
    for (let i = 0; i < waiting; i++) this.#touchRecord(this.#buckets[i]!)
    for (let i = 0; i < waiting; i++) this.#director.receive(this.#port, this.#slabs[i]!, this.#at[i]!, this.#len[i]!)
  }

  #touchBucket({ view }: Slab, at: number, len: number): number {
    const ip = at + ETHERNET_LEN
    if (len < LEAST || view.getUint16(at + 12) !== EtherType.IPV4 || view.getUint8(ip) !== PLAIN_IPV4) return NOWHERE
    const { conns, local } = this.#director
    const protocol = view.getUint8(ip + 9)
    const src = view.getInt32(ip + 12)
    const dst = view.getInt32(ip + 16)
    const sport = view.getUint16(ip + IPV4_MIN_LEN)
    const dport = view.getUint16(ip + IPV4_MIN_LEN + 2)
    if (conns.local.count > 0 && conns.local.isLocal(dst)) {
      const bucket = conns.local.bucketOf(protocol, src, sport, dst, dport)
      this.touched ^= conns.local.bucketHead(bucket)
      return NOWHERE - 1 - bucket
    }
    const bucket = local.has(dst)
      ? conns.table.bucketOf(protocol, src, sport)
      : conns.table.bucketOf(protocol, dst, dport)
    this.touched ^= conns.table.bucketHead(bucket)
    return bucket
  }

  #touchRecord(bucket: number): void {
    if (bucket === NOWHERE) return
    const { table, local } = this.#director.conns
    const conn = bucket >= 0 ? table.bucketHead(bucket) : local.bucketHead(NOWHERE - 1 - bucket)
    if (conn === NONE) return
    this.touched ^= table.words[conn]!
    if (local.count > 0) this.touched ^= local.words[localAt(conn)]!
  }
}

const EMPTY = slabOver(new ArrayBuffer(0))
