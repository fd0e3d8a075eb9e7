import { readFileSync } from 'node:fs'
import type { FlowKey, FlowTable } from '../packet/flow-table.js'
import { KEPT_MOST_SECONDS, type FlowKeeping } from '../packet/kept-flow.js'
import type { Link } from '../packet/link.js'
import type { MacAddr } from '../wire/addr.js'
import { EPOCH, SLOT_WORDS, SlotState } from '../packet/flow-slot.js'
import { mapFlows, type FlowMemory } from './flow-maps.js'
import { Globals, LAYOUT, LINK_IFINDEX, LINK_LEN, LINK_SHIFT, LINKS_A_PART, type FlowMaps } from './flow-parts.js'
import { clearKey, FlowPlaces, PLACES } from './flow-places.js'
import { UNITS_A_SECOND } from './keep-steps.js'
import { WORD } from './map-keys.js'

/** In 2^20 ns. */
const UNITS_A_MS = 1e6 / 2 ** 20

/** The table of flow-program.ts, of one director: what of the maps it writes. Nothing is allocated for a flow. */
export class ProgramFlows implements FlowTable {
  readonly slots: Int32Array
  readonly first: number
  readonly count: number
  readonly notes: Int32Array
  readonly most: number
  readonly mostSlots: number
  readonly places = PLACES
  readonly director: number
  readonly firstHop: number
  readonly hopCount: number
  readonly keeping?: FlowKeeping
  readonly #memory: FlowMemory
  readonly #places: FlowPlaces
  /** Slots that are claimed and have not been left. */
  #claimed = 0
  readonly #epochs: Int32Array
  /** Of how many parts flows are entered. */
  readonly #parts: Int32Array
  /** By a link's index, its entry in the map of links. */
  readonly #links = new Map<number, LinkEntry>()
  /** Which entry of the part was last given to a link. */
  #lastLink = 0
  /** By how many ms the kernel's clock is ahead of `performance.now()`. */
  readonly #aheadMs = kernelNowMs() - performance.now()

  /** SystemError if the maps cannot be mapped. */
  constructor(maps: FlowMaps, part = 0) {
    this.director = part
    this.#memory = mapFlows(maps)
    this.slots = this.#memory.slots
    this.#epochs = new Int32Array(this.#memory.globals.bytes.buffer, Globals.EPOCHS)
    this.#parts = new Int32Array(this.#memory.globals.bytes.buffer, Globals.PARTS_WITH_FLOWS, 1)
    this.#places = new FlowPlaces(this.slots, maps.seed)
    this.first = this.#places.first
    this.count = this.#places.count
    this.notes = this.#memory.notes
    this.most = maps.flowsAPart
    this.mostSlots = Math.max(this.most, Math.floor(this.count / maps.parts))
    this.hopCount = maps.hopsAPart
    this.firstHop = part * maps.hopsAPart
    if (this.#memory.records) this.keeping = this.#keep(this.#memory.records)
  }

  /** The program counts for all parts together: the first has the number. */
  get lost(): number {
    if (this.director !== 0) return 0
    const { view } = this.#memory.globals
    return view.getUint32(Globals.LOST, true) + view.getUint32(Globals.LOST + WORD, true) * 2 ** 32
  }

  setEpoch(epoch: number): void {
    Atomics.store(this.#epochs, this.director, epoch)
  }
  now(): number {
    return ((performance.now() + this.#aheadMs) * UNITS_A_MS) | 0
  }

  /** By which interface a link's frames leave, and come in to the program. Undefined: by none. */
  setLink(index: number, ifindex: number | undefined): void {
    const old = this.#links.get(index)
    if (old?.ifindex === ifindex) return
    const { view } = this.#memory.links
    // A program may still have read the old entry: a link that has become another has one of its own.
    if (old) view.setUint32(old.number * LINK_LEN + LINK_IFINDEX, 0, true)
    this.#links.delete(index)
    if (ifindex === undefined) return
    const number = this.#freeLink()
    this.#links.set(index, { number, ifindex })
    view.setUint32(number * LINK_LEN + LINK_IFINDEX, ifindex, true)
  }
  serves({ index }: Link): boolean {
    return this.#links.has(index)
  }

  setHop(hop: number, { index, mac: source }: Link, mac: MacAddr): void {
    const link = this.#links.get(index)
    if (!link) return this.clearHop(hop)
    const { bytes } = this.#memory.links
    const sources = new BigInt64Array(bytes.buffer, link.number * LINK_LEN, 1)
    const word = wordOf(source)
    if (sources[0] !== word) Atomics.store(sources, 0, word)
    Atomics.store(this.#memory.hops, hop, BigInt.asIntN(64, wordOf(mac) | (BigInt(link.number) << BigInt(LINK_SHIFT))))
  }
  clearHop(hop: number): void {
    Atomics.store(this.#memory.hops, hop, 0n)
  }

  firstPlace(key: FlowKey): number {
    return this.#places.firstPlace(key)
  }
  claim(key: FlowKey): number {
    const slot = this.#places.claim(key)
    if (slot !== 0 && this.#claimed++ === 0) Atomics.add(this.#parts, 0, 1)
    return slot
  }
  leave(slot: number): void {
    Atomics.store(this.slots, slot * SLOT_WORDS + EPOCH, SlotState.RESTING)
    clearKey(this.slots, slot)
    if (--this.#claimed === 0) Atomics.sub(this.#parts, 0, 1)
  }

  #keep(records: Int32Array): FlowKeeping {
    const { buffer } = this.#memory.globals.bytes
    const words = new Int32Array(buffer)
    words[Globals.LAYOUT / WORD] = LAYOUT
    return {
      records,
      beat: () => void Atomics.store(words, Globals.BEAT / WORD, this.now()),
      extend: seconds => {
        words[Globals.LONGEST / WORD] = Math.min(seconds, KEPT_MOST_SECONDS) * UNITS_A_SECOND
      },
    }
  }

  /** The memory is gone afterwards: to read `slots` ends the process. */
  close(): void {
    this.#memory.unmap()
  }

  /** The part's next entry that no link has. The first of all is nobody's. */
  #freeLink(): number {
    const taken = new Set(Array.from(this.#links.values(), ({ number }) => number))
    for (let tries = 0; tries < LINKS_A_PART; tries++) {
      this.#lastLink = (this.#lastLink + 1) % LINKS_A_PART
      const number = this.director * LINKS_A_PART + this.#lastLink
      if (number !== 0 && !taken.has(number)) return number
    }
    throw new RangeError(`more than ${LINKS_A_PART - 1} links`)
  }
}

interface LinkEntry {
  readonly number: number
  readonly ifindex: number
}

/** An address as it stands in a frame, read as a little-endian number of 48 bits. */
function wordOf({ hi, lo }: MacAddr): bigint {
  const octets = Uint8Array.of(hi >>> 8, hi, lo >>> 24, lo >>> 16, lo >>> 8, lo, 0, 0)
  return new BigInt64Array(octets.buffer)[0]!
}

/** The kernel's CLOCK_MONOTONIC, without the offset that a time namespace gives it (time_namespaces(7)). */
function kernelNowMs(): number {
  const [seconds, ns] = process.hrtime()
  return (seconds - namespaceOffset()) * 1e3 + ns / 1e6
}
/** In seconds. */
function namespaceOffset(): number {
  try {
    const [, seconds = '0', ns = '0'] =
      /^monotonic\s+(-?\d+)\s+(\d+)/m.exec(readFileSync('/proc/self/timens_offsets', 'utf8')) ?? []
    return Number(seconds) + Number(ns) / 1e9
  } catch {
    return 0 // a kernel without
  }
}
