/*
 * Where a flow's slot is (packet/flow-slot.ts): one of the eight of a bucket, which its key alone tells. Of them the hash says where the
 * first one is that is looked at; the others follow in their order, round and round. A flow for which all eight are taken is not entered.
 *
 * So a packet of a flow meets one line of memory, mostly, that no cache may have: whose the slot is stands in it. There are two slots for
 * each flow that there may be. Of flows that come and go, where half of the slots are taken 1 in 28 finds none, where a quarter is 1 in 1100.
 */
import { EPOCH, FORM, KEY_DST, KEY_PORTS as SLOT_PORTS, KEY_SRC, SLOT_WORDS, SlotState } from '../packet/flow-slot.js'
import type { FlowKey } from '../packet/flow-table.js'
import { At, BUCKET, KEY, KEY_PORTS, UP, type FlowMaps } from './flow-parts.js'
import { lookup, storePair } from './frame-parts.js'
import {
  add,
  and,
  and32,
  fp,
  jump,
  jumpIf,
  load32,
  load64,
  load8,
  mov,
  mov32,
  mul,
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

/** Slots of a bucket. */
export const PLACES = 8
const SLOT_LEN = SLOT_WORDS * 4
export const BUCKET_LEN = PLACES * SLOT_LEN
/** Slots for each flow that there may be. */
const SLOTS_A_FLOW = 2
/** The first bucket is nobody's. */
const FIRST_BUCKET = 1

/** Buckets for so many flows. */
export function bucketsFor(flows: number): number {
  return Math.max(1, Math.ceil((flows * SLOTS_A_FLOW) / PLACES))
}

// Of the hash: factors and shifts.
const [BY_SRC, BY_DST, BY_PORTS, BY_LAST] = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f]
const [SRC_SHIFT, DST_SHIFT, PORTS_SHIFT, LAST_SHIFT] = [15, 13, 16, 15]

/** The director's side. Directors on threads of their own may claim slots at once. */
export class FlowPlaces {
  readonly #slots: Int32Array
  readonly #buckets: number
  readonly #seed: number
  readonly first = FIRST_BUCKET * PLACES
  readonly count: number

  /** `slots`: all of them, those of the first bucket too. */
  constructor(slots: Int32Array, seed: number) {
    this.#slots = slots
    this.#buckets = slots.length / (PLACES * SLOT_WORDS) - FIRST_BUCKET
    this.count = this.#buckets * PLACES
    this.#seed = seed
  }

  /** A slot for the flow with this key, free until now; 0: there is none. */
  claim(key: FlowKey): number {
    const slots = this.#slots
    const hash = this.#hash(key)
    const first = this.#bucketOf(hash) * PLACES
    for (let i = 0; i < PLACES; i++) {
      const slot = first + ((hash + i) & (PLACES - 1))
      const epoch = slot * SLOT_WORDS + EPOCH
      if (slots[epoch] !== SlotState.FREE) continue
      if (Atomics.compareExchange(slots, epoch, SlotState.FREE, SlotState.CLAIMED) === SlotState.FREE) return slot
    }
    return 0
  }

  /** The first slot of its bucket. */
  firstPlace(key: FlowKey): number {
    return this.#bucketOf(this.#hash(key)) * PLACES
  }

  #bucketOf(hash: number): number {
    return FIRST_BUCKET + Math.floor((hash * this.#buckets) / 2 ** 32)
  }
  /** 32 bits, unsigned. */
  #hash({ src, dst, ports }: FlowKey): number {
    let hash = Math.imul(src ^ this.#seed, BY_SRC)
    hash = Math.imul(hash ^ (hash >>> SRC_SHIFT) ^ dst, BY_DST)
    hash = Math.imul(hash ^ (hash >>> DST_SHIFT) ^ ports, BY_PORTS)
    hash = Math.imul(hash ^ (hash >>> PORTS_SHIFT), BY_LAST)
    return (hash ^ (hash >>> LAST_SHIFT)) >>> 0
  }
}

/** From now on the program finds no flow in the slot. */
export function clearKey(slots: Int32Array, slot: number): void {
  for (const word of [SLOT_PORTS, KEY_SRC, KEY_DST]) Atomics.store(slots, slot * SLOT_WORDS + word, 0)
}

/** The program's side. r2 = the protocol; the place KEY gets the flow's key. r4 = its slot; on at `UP` if there is none. */
export function findSlot(maps: FlowMaps): Code {
  return [load64(r5, r7, At.SRC), load32(r3, r7, At.PORTS), slotOfKey(maps, 'flow', UP)]
}
/** The same of r5 = source and destination, r3 = ports. On at `otherwise` if there is none; `name`: for labels. r8 holds nothing. */
export function slotOfKey({ slots, buckets, seed }: FlowMaps, name: string, otherwise: string): Code {
  return [
    store64(fp, KEY, r5),
    mov(r1, r3),
    storePair(KEY_PORTS, r1, r2),
    mov32(r2, r5),
    shiftRight(r5, 32),
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
    xorShifted(LAST_SHIFT), // r2 = the hash
    mov32(r8, r2),
    and32(r8, PLACES - 1),
    mul32(r8, SLOT_LEN), // r8 = where in the bucket the first slot is
    mul(r2, buckets),
    shiftRight(r2, 32),
    add(r2, FIRST_BUCKET),
    store64(fp, BUCKET, r2),
    lookup(slots, BUCKET),
    jumpIf(r0, '==', 0, otherwise),
    load64(r5, fp, KEY),
    load64(r3, fp, KEY_PORTS),
    mov(r2, r3),
    shiftRight(r2, 32), // r2 = the protocol
    mov32(r3, r3),
    Array.from({ length: PLACES }, (_, i) => place(i, name)),
    jump(otherwise), // no flow
    `${name}: has a slot`,
  ]
}
/** r2 ^= r2 >> bits; r4 holds nothing. */
function xorShifted(bits: number): Code {
  return [mov32(r4, r2), shiftRight32(r4, bits), xor32(r2, r4)]
}
/** On at 'has a slot', r4 = where it is, if this slot has the flow's key. */
function place(i: number, name: string): Code {
  const next = `${name}: not at ${i}`
  const turned = i === 0 ? [] : [add(r4, i * SLOT_LEN), and(r4, BUCKET_LEN - 1)]
  return [
    mov(r4, r8),
    turned,
    add(r4, r0),
    load64(r1, r4, KEY_SRC * 4), // source and destination
    jumpIf(r1, '!=', r5, next),
    load32(r1, r4, SLOT_PORTS * 4),
    jumpIf(r1, '!=', r3, next),
    load8(r1, r4, FORM * 4 + 3), // the protocol
    jumpIf(r1, '==', r2, `${name}: has a slot`),
    next,
  ]
}
