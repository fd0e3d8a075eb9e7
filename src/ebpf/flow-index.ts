/*
 * Which slot a flow has: buckets of eight entries, memory that the flow program reads and the director writes by stores alone. A flow
 * stands anywhere in the bucket of its hash, or nowhere: then its packets come up.
 *
 *      0               4              8
 *     +---------------+--------------+
 *     | slot's number |     tag      |   a hash of the flow's key; both little-endian. A free entry: 0 and 0
 *     +---------------+--------------+
 *
 * A bucket is a cache line; where all slots are taken two flows or less have one on average. Two flows of one bucket and tag (of a thousand
 * million flows one), or an entry that changes while it is read, may lead to another flow's slot: the program asks the slot whose it is.
 */
import { At, KEY, KEY_PORTS, SLOT_NUMBER, UP, type FlowMaps } from './flow-parts.js'
import { lookup, storePair } from './frame-parts.js'
import {
  and32,
  fp,
  jump,
  jumpIf,
  load32,
  load64,
  mov,
  mov32,
  mul32,
  r0,
  r1,
  r2,
  r3,
  r4,
  r5,
  r7,
  r8,
  shiftRight,
  shiftRight32,
  store64,
  xor32,
  type Code,
} from './instructions.js'

const ENTRY_LEN = 8
const ENTRY_WORDS = 2
const ENTRIES = 8
export const BUCKET_LEN = ENTRIES * ENTRY_LEN
const BUCKET_WORDS = ENTRIES * ENTRY_WORDS
/** Where an entry has its tag. */
const [TAG_WORD, TAG_AT] = [1, 4]
/** So many flows a bucket, when there are as many as there can be. */
const FLOWS_A_BUCKET = 2
/** The slot of an entry that somebody writes: nobody's, as 0. */
const CLAIMED = -1

/** A power of two. */
export function bucketsFor(flows: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, flows / FLOWS_A_BUCKET)))
}

// Of both hashes: factors and shifts.
const [BY_SRC, BY_DST, BY_PORTS, BY_LAST] = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f]
const [SRC_SHIFT, DST_SHIFT, PORTS_SHIFT, LAST_SHIFT] = [15, 13, 16, 15]

/** The director's side. Several directors may write at once, each its own flows. */
export class FlowIndex {
  readonly #words: Int32Array
  readonly #mask: number
  readonly #seed: number
  readonly #first: number
  readonly #end: number
  /** How many flows it has entered that are not withdrawn. */
  entered = 0

  /** `words`: the buckets; slots from `first` on, before `end`, are this director's. */
  constructor(words: Int32Array, seed: number, first: number, end: number) {
    this.#words = words
    this.#mask = words.length / BUCKET_WORDS - 1
    this.#seed = seed
    this.#first = first
    this.#end = end
  }

  /** Enters the flow whose key's first word is at `at`; in place of an entry that it has. Returns false where there is no room. */
  enter(keys: Int32Array, at: number, slot: number): boolean {
    const words = this.#words
    const own = this.#find(keys, at)
    if (own >= 0) {
      Atomics.store(words, own, slot)
      return true
    }
    const bucket = this.#bucketOf(keys, at)
    for (let entry = bucket; entry < bucket + BUCKET_WORDS; entry += ENTRY_WORDS) {
      if (words[entry] !== 0 || Atomics.compareExchange(words, entry, 0, CLAIMED) !== 0) continue
      Atomics.store(words, entry + TAG_WORD, this.#tagOf(keys, at))
      Atomics.store(words, entry, slot)
      this.entered++
      return true
    }
    return false
  }
  /** Withdraws it; none of other directors. */
  withdraw(keys: Int32Array, at: number): void {
    const own = this.#find(keys, at)
    if (own < 0) return
    Atomics.store(this.#words, own + TAG_WORD, 0)
    Atomics.store(this.#words, own, 0)
    this.entered--
  }
  /** The slot's number; 0: none. */
  slotOf(keys: Int32Array, at: number): number {
    const own = this.#find(keys, at)
    return own < 0 ? 0 : this.#words[own]!
  }

  /** The first word of the flow's entry, or −1. */
  #find(keys: Int32Array, at: number): number {
    const words = this.#words
    const bucket = this.#bucketOf(keys, at)
    const tag = this.#tagOf(keys, at)
    for (let entry = bucket; entry < bucket + BUCKET_WORDS; entry += ENTRY_WORDS) {
      const slot = words[entry]!
      if (words[entry + TAG_WORD] === tag && slot >= this.#first && slot < this.#end) return entry
    }
    return -1
  }
  #bucketOf(keys: Int32Array, at: number): number {
    let hash = Math.imul(keys[at]! ^ this.#seed, BY_SRC)
    hash = Math.imul(hash ^ (hash >>> SRC_SHIFT) ^ keys[at + 1]!, BY_DST)
    hash = Math.imul(hash ^ (hash >>> DST_SHIFT) ^ keys[at + 2]!, BY_PORTS)
    hash = Math.imul(hash ^ (hash >>> PORTS_SHIFT), BY_LAST)
    return ((hash ^ (hash >>> LAST_SHIFT)) & this.#mask) * BUCKET_WORDS
  }
  #tagOf(keys: Int32Array, at: number): number {
    const hash = Math.imul(keys[at]! ^ keys[at + 3]!, BY_LAST) ^ keys[at + 1]!
    return Math.imul(hash, BY_DST) ^ keys[at + 2]!
  }
}

/** The program's side. r2 = the protocol; the place KEY gets the flow's key, the place SLOT_NUMBER the slot's number. */
export function findSlot(maps: FlowMaps): Code {
  return [load64(r5, r7, At.SRC), load32(r3, r7, At.PORTS), slotOfKey(maps, 'flow', UP)]
}
/** The same of r5 = source and destination, r3 = ports. On at `otherwise` if there is none; `name`: for labels. r8 holds nothing. */
export function slotOfKey({ index, buckets, seed }: FlowMaps, name: string, otherwise: string): Code {
  return [
    store64(fp, KEY, r5),
    mov32(r8, r2),
    mov(r1, r3),
    storePair(KEY_PORTS, r1, r2),
    mov32(r2, r5),
    shiftRight(r5, 32),
    xor32(r8, r2),
    mul32(r8, BY_LAST),
    xor32(r8, r5),
    mul32(r8, BY_DST | 0),
    xor32(r8, r3), // r8 = the tag
    xor32(r2, seed | 0),
    mul32(r2, BY_SRC | 0),
    xorShifted(SRC_SHIFT),
    xor32(r2, r5),
    mul32(r2, BY_DST | 0),
    xorShifted(DST_SHIFT),
    xor32(r2, r3),
    mul32(r2, BY_PORTS | 0),
    xorShifted(PORTS_SHIFT),
    mul32(r2, BY_LAST),
    xorShifted(LAST_SHIFT),
    and32(r2, buckets - 1),
    store64(fp, SLOT_NUMBER, r2),
    lookup(index, SLOT_NUMBER),
    jumpIf(r0, '==', 0, otherwise),
    Array.from({ length: ENTRIES }, (_, i) => entry(i, name)),
    jump(otherwise), // no flow
    `${name}: has a slot`,
    store64(fp, SLOT_NUMBER, r1),
  ]
}
/** r2 ^= r2 >> bits; r4 holds nothing. */
function xorShifted(bits: number): Code {
  return [mov32(r4, r2), shiftRight32(r4, bits), xor32(r2, r4)]
}
/** On at 'has a slot', r1 its number, if this entry has the flow's tag. */
function entry(i: number, name: string): Code {
  const next = `${name}: not entry ${i}`
  return [
    load32(r1, r0, i * ENTRY_LEN + TAG_AT),
    jumpIf(r1, '!=', r8, next),
    load32(r1, r0, i * ENTRY_LEN),
    jump(`${name}: has a slot`),
    next,
  ]
}
