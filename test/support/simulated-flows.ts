import { VNET_LEN, type Slab } from '../../src/packet/frame.js'
import {
  ADDRESS_SUM,
  COUNT_HIGH,
  COUNT_LOW,
  DST,
  EPOCH,
  FlowForm,
  FORM,
  HEADER_SUM,
  HOP,
  KEY_DST,
  KEY_PORTS,
  KEY_SRC,
  MTU,
  NOTE_WORDS,
  PACKET_BITS,
  PROTOCOL_SHIFT,
  PORT_SUM,
  PORTS,
  SEEN,
  SLOT_WORDS,
  SlotState,
  SRC,
} from '../../src/packet/flow-slot.js'
import type { FlowKey, FlowTable } from '../../src/packet/flow-table.js'
import { KEPT_WORDS, type FlowKeeping, type LeftFlows } from '../../src/packet/kept-flow.js'
import type { Link } from '../../src/packet/link.js'
import type { MacAddr } from '../../src/wire/addr.js'

const [ETHERNET, IP, TRANSPORT] = [14, 14, 34]
const [TCP, UDP] = [6, 17]
const OUTER = 20
const TIMESTAMP_OPTION = 0x0101080a

/** What the flow program (ebpf/flow-program.ts) does, in JavaScript: the table, and `forward` for a frame. */
export class SimulatedFlows implements FlowTable {
  readonly slots: Int32Array
  readonly first = 1
  readonly notes: Int32Array
  readonly most: number
  readonly mostSlots: number
  readonly places: number
  readonly director = 0
  readonly firstHop = 1
  readonly hopCount = 64
  /** Of all flows that were entered. */
  readonly flows = new Map<string, number>()
  /** So many may be entered; default: as there are slots. */
  room: number
  forwarded = 0
  /** Names of the links where the program runs; default: all. */
  served: readonly string[] | undefined
  lost = 0
  /** Of them, so many into a tunnel. */
  wrapped = 0
  #epoch = 0
  readonly #hops: ({ link: Link; mac: MacAddr } | undefined)[] = []
  nowMs = 0
  /** Its director's flows are kept. */
  readonly keeping: FlowKeeping = {
    records: new Int32Array(0),
    beat: () => void this.beats++,
    extend: seconds => {
      this.kept = { seconds }
    },
  }
  beats = 0
  kept = { seconds: 0 }
  /** Nobody wants what was left any more. */
  isRemoved = false

  constructor(readonly count = 256) {
    this.keeping = { ...this.keeping, records: new Int32Array((count + 1) * KEPT_WORDS) }
    this.slots = new Int32Array((count + 1) * SLOT_WORDS)
    this.notes = new Int32Array((count + 1) * NOTE_WORDS)
    this.room = this.most = this.mostSlots = this.places = count
  }

  /** What a director that has been killed leaves. */
  left(): LeftFlows {
    return {
      slots: this.slots,
      records: this.keeping.records,
      first: this.first,
      end: this.first + this.count,
      withdraw: slot => this.#forget(slot),
      remove: () => {
        this.isRemoved = true
      },
    }
  }

  setEpoch(epoch: number): void {
    this.#epoch = epoch
  }
  now(): number {
    return Math.floor((this.nowMs * 1e6) / 2 ** 20) | 0
  }
  serves({ name }: Link): boolean {
    return this.served?.includes(name) ?? true
  }
  setHop(hop: number, link: Link, mac: MacAddr): void {
    this.#hops[hop] = { link, mac }
  }
  clearHop(hop: number): void {
    this.#hops[hop] = undefined
  }
  firstPlace(): number {
    return this.first
  }
  /** The first that is free. */
  claim({ src, dst, ports, protocol }: FlowKey): number {
    if (this.flows.size >= this.room) return 0
    let slot = this.first
    while (this.slots[slot * SLOT_WORDS + EPOCH] !== SlotState.FREE) if (++slot > this.count) return 0
    this.slots[slot * SLOT_WORDS + EPOCH] = SlotState.CLAIMED
    this.flows.set([src, dst, ports, protocol].join(), slot)
    return slot
  }
  leave(slot: number): void {
    this.slots[slot * SLOT_WORDS + EPOCH] = SlotState.RESTING
    this.#forget(slot)
  }
  #forget(slot: number): void {
    for (const [key, its] of this.flows) if (its === slot) this.flows.delete(key)
  }

  /** Rewrites the frame and returns by which link it leaves, where it lies, and its length; undefined: it comes up, as it was. */
  forward(from: Link, slab: Slab, at: number, len: number): { link: Link; at: number; len: number } | undefined {
    const { view } = slab
    if (len < TRANSPORT + 8 || view.getUint16(at + 12) !== 0x0800 || view.getUint8(at + IP) !== 0x45) return undefined
    if (view.getUint16(at) !== from.mac.hi || view.getUint32(at + 2) !== from.mac.lo) return undefined
    const ipLen = view.getUint16(at + IP + 2)
    const protocol = view.getUint8(at + IP + 9)
    const isTcp = protocol === TCP
    if ((view.getUint16(at + IP + 6) & 0x3fff) !== 0 || view.getUint8(at + IP + 8) <= 1) return undefined
    if (sum(view, at + IP, 10) !== 0xffff || ipLen + ETHERNET > len) return undefined
    if (!isTcp && protocol !== UDP) return undefined
    if (ipLen < (isTcp ? 40 : 28)) return undefined
    if (isTcp && (view.getUint8(at + TRANSPORT + 13) & 0x17) !== 0x10) return undefined
    const key = [at + IP + 12, at + IP + 16, at + TRANSPORT].map(place => view.getInt32(place, true))
    const number = this.flows.get([...key, protocol].join())
    if (number === undefined) return undefined
    const slot = this.slots.subarray(number * SLOT_WORDS, (number + 1) * SLOT_WORDS)
    if (slot[EPOCH] !== this.#epoch) return undefined
    const own = [KEY_SRC, KEY_DST, KEY_PORTS].map(word => slot[word]!)
    if ([...own, slot[FORM]! >>> PROTOCOL_SHIFT].join() !== [...key, protocol].join()) return undefined
    const hop = this.#hops[slot[HOP]!]
    if (hop === undefined || !this.#fits(view, at, ipLen, isTcp, slot)) return undefined
    this.#count(slot, ipLen)
    this.#rewrite(view, at, isTcp, slot)
    const isWrapped = (slot[FORM]! & FlowForm.TUNNEL) !== 0
    const grown = isWrapped ? outerLen(slot) : 0
    const begin = at - grown
    if (isWrapped) wrap(view, at, ipLen, slot, grown)
    view.setUint16(begin, hop.mac.hi)
    view.setUint32(begin + 2, hop.mac.lo)
    view.setUint16(begin + 6, hop.link.mac.hi)
    view.setUint32(begin + 8, hop.link.mac.lo)
    this.forwarded++
    if (isWrapped) this.wrapped++
    return { link: hop.link, at: begin, len: ETHERNET + grown + ipLen }
  }

  #fits(view: DataView, at: number, ipLen: number, isTcp: boolean, slot: Int32Array): boolean {
    const vnet = at - VNET_LEN
    const isPartial = (view.getUint8(vnet) & 1) !== 0
    const checkAt = isTcp ? 16 : 6
    if (isPartial && (view.getUint16(vnet + 6, true) !== TRANSPORT || view.getUint16(vnet + 8, true) !== checkAt))
      return false
    const dataOffset = (view.getUint8(at + TRANSPORT + 12) >>> 4) * 4
    const gsoType = view.getUint8(vnet + 1)
    const size = view.getUint16(vnet + 4, true)
    const headers = isTcp ? dataOffset : 8
    const segment = 20 + headers + size
    if (gsoType !== 0) {
      if (isTcp ? (gsoType & 0x7f) !== 1 : gsoType !== 5) return false
      if (size === 0 || headers < (isTcp ? 20 : 8) || segment >= ipLen || segment > slot[MTU]!) return false
    } else if (ipLen > slot[MTU]!) return false
    // The kernel cuts GSO frames behind the program, the whole path before it wraps them: not the same frames.
    if ((slot[FORM]! & FlowForm.TUNNEL) !== 0 && (gsoType !== 0 || (view.getUint8(at + IP + 6) & 0x40) === 0))
      return false
    const isTranslated = (slot[FORM]! & FlowForm.TRANSLATED) !== 0
    if (isTranslated && !isTcp && !isPartial && view.getUint16(at + TRANSPORT + 6) === 0) return false
    if ((slot[FORM]! & FlowForm.CHECK_OPTIONS) !== 0 && dataOffset !== 20)
      if (dataOffset !== 32 || ipLen < 52 || view.getUint32(at + TRANSPORT + 20) !== TIMESTAMP_OPTION) return false
    view.setUint8(vnet, isPartial ? 1 : 0)
    view.setUint16(vnet + 2, gsoType === 0 ? 0 : TRANSPORT + headers, true)
    return true
  }
  #count(slot: Int32Array, octets: number): void {
    const count = (BigInt(slot[COUNT_HIGH]! >>> 0) << 32n) | BigInt(slot[COUNT_LOW]! >>> 0)
    const next = BigInt.asUintN(64, count + (BigInt(octets) << BigInt(PACKET_BITS)) + 1n)
    slot[COUNT_LOW] = Number(next & 0xffffffffn) | 0
    slot[COUNT_HIGH] = Number(next >> 32n) | 0
    slot[SEEN] = this.now()
  }
  #rewrite(view: DataView, at: number, isTcp: boolean, slot: Int32Array): void {
    view.setUint8(at + IP + 8, view.getUint8(at + IP + 8) - 1)
    mend(view, at + IP + 10, slot[HEADER_SUM]!)
    if ((slot[FORM]! & FlowForm.TRANSLATED) === 0) return
    view.setInt32(at + IP + 12, slot[SRC]!, true)
    view.setInt32(at + IP + 16, slot[DST]!, true)
    view.setInt32(at + TRANSPORT, slot[PORTS]!, true)
    const checkAt = at + TRANSPORT + (isTcp ? 16 : 6)
    if ((view.getUint8(at - VNET_LEN) & 1) !== 0)
      view.setUint16(checkAt, folded(view.getUint16(checkAt, true) + slot[ADDRESS_SUM]!), true)
    else mend(view, checkAt, slot[ADDRESS_SUM]! + slot[PORT_SUM]!, isTcp ? 0 : 0xffff)
  }
}

/** Octets of a tunnel's headers. */
function outerLen(slot: Int32Array): number {
  return OUTER + ((slot[FORM]! & FlowForm.GUE) !== 0 ? 12 : (slot[FORM]! & FlowForm.GRE) !== 0 ? 4 : 0)
}
/** Puts a tunnel's headers, so many octets, before the packet at `at`, and the Ethernet type and virtio-net header before that. */
function wrap(view: DataView, at: number, ipLen: number, slot: Int32Array, len: number): void {
  const [vnet, outer] = [at - VNET_LEN, at + IP - len]
  const [tos, ttl] = [view.getUint8(at + IP + 1), view.getUint8(at + IP + 8)]
  const octets = Array.from({ length: VNET_LEN }, (_, i) => view.getUint8(vnet + i))
  octets.forEach((octet, i) => view.setUint8(vnet - len + i, octet))
  if ((octets[0]! & 1) !== 0) view.setUint16(vnet - len + 6, TRANSPORT + len, true)
  else for (let i = 0; i < VNET_LEN; i++) view.setUint8(vnet - len + i, 0)
  view.setUint16(outer - 2, 0x0800)
  view.setUint16(outer, 0x4500 | ((tos & 3) === 3 ? tos - 1 : tos))
  view.setUint16(outer + 2, ipLen + len)
  view.setUint32(outer + 4, 0x4000)
  view.setUint32(outer + 8, (ttl << 24) | ({ 20: 4, 24: 47, 32: UDP }[len]! << 16))
  view.setInt32(outer + 12, slot[SRC]!, true)
  view.setInt32(outer + 16, slot[DST]!, true)
  view.setUint16(outer + 10, ~sum(view, outer, 10))
  if (len > OUTER) view.setInt32(outer + OUTER, slot[PORTS]!, true)
  if (len !== 32) return
  view.setUint32(outer + 24, (ipLen + 12) << 16)
  view.setUint32(outer + 28, 0x00040000)
}
function sum(view: DataView, at: number, words: number): number {
  let total = 0
  for (let i = 0; i < words; i++) total += view.getUint16(at + 2 * i)
  return folded(total)
}
function folded(total: number): number {
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16)
  return total
}
/** `zero`: what is written for a checksum of 0. */
function mend(view: DataView, at: number, by: number, zero = 0): void {
  const made = ~folded((~view.getUint16(at, true) & 0xffff) + by) & 0xffff
  view.setUint16(at, made === 0 ? zero : made, true)
}
