import { close, mapRing, unmapRing } from '../linux/libc.js'
import type { Slab } from '../packet/frame.js'
import { SLOT_WORDS } from '../packet/flow-slot.js'
import { KEPT_WORDS } from '../packet/kept-flow.js'
import { BUCKET_LEN, bucketsFor } from './flow-index.js'
import { createMap, MapFlag, MapType } from './bpf.js'
import { Globals, HOP_LEN, LINK_LEN, LINKS_A_PART, MOST_PARTS, type FlowMaps } from './flow-parts.js'
import { WORD } from './map-keys.js'

export const SLOT_LEN = SLOT_WORDS * WORD
export const RECORD_LEN = KEPT_WORDS * WORD

export interface FlowSizes {
  /** The most flows of a part, and next hops. */
  readonly capacity: number
  readonly hops: number
  /** How many directors share the maps. */
  readonly parts?: number
  /** Of the hash, so that nobody can aim at a bucket. */
  readonly seed?: number
  /** Of the index, a power of two; default: as many as the flows need. */
  readonly buckets?: number
  /** Whether flows are to outlive their director. */
  readonly isKept?: boolean
}

/**
 * Makes the maps of flow-program.ts. SystemError where the kernel may not be given maps, or has none that can be mapped into memory
 * (Linux 5.5). Each flow that there may be takes 96 octets, or more, at once.
 */
export function makeFlowMaps({ capacity, hops, parts = 1, seed = 0, buckets, isKept = false }: FlowSizes): FlowMaps {
  if (parts < 1 || parts > MOST_PARTS) throw new RangeError(`parts: 1 to ${MOST_PARTS}, not ${parts}`)
  const partBits = Math.ceil(Math.log2(capacity + 1))
  const slotsAPart = parts === 1 ? capacity + 1 : 2 ** partBits
  const bucketCount = buckets ?? bucketsFor(capacity * parts)
  const fds: number[] = []
  const array = (value: number, entries: number): number => {
    const fd = createMap(MapType.ARRAY, WORD, value, entries, MapFlag.MMAPABLE)
    fds.push(fd)
    return fd
  }
  try {
    return {
      index: array(BUCKET_LEN, bucketCount),
      buckets: bucketCount,
      seed,
      slots: array(SLOT_LEN, slotsAPart * parts),
      hops: array(HOP_LEN, hops * parts),
      links: array(LINK_LEN, LINKS_A_PART * parts),
      globals: array(Globals.LEN, 1),
      records: isKept ? array(RECORD_LEN, slotsAPart * parts) : undefined,
      parts,
      flowsAPart: capacity,
      partBits,
      slotsAPart,
      hopsAPart: hops,
    }
  } catch (error) {
    for (const fd of fds) close(fd)
    throw error
  }
}
export function closeFlowMaps({ index, slots, hops, links, globals, records }: FlowMaps): void {
  for (const fd of [index, slots, hops, links, globals]) close(fd)
  if (records !== undefined) close(records)
}

/** What of the maps is in memory. */
export interface FlowMemory {
  readonly index: Int32Array
  readonly slots: Int32Array
  readonly hops: BigInt64Array
  readonly links: Slab
  readonly globals: Slab
  readonly records: Int32Array | undefined
  unmap(): void
}

export function mapFlows(maps: FlowMaps): FlowMemory {
  const { index, buckets, slots, hops, links, globals, records, parts, slotsAPart, hopsAPart } = maps
  const mapped: Slab[] = []
  const map = (fd: number, len: number): Slab => {
    const slab = mapRing(fd, len)
    mapped.push(slab)
    return slab
  }
  const unmap = (): void => mapped.splice(0).forEach(unmapRing)
  try {
    return {
      index: new Int32Array(map(index, buckets * BUCKET_LEN).bytes.buffer),
      slots: new Int32Array(map(slots, slotsAPart * parts * SLOT_LEN).bytes.buffer),
      hops: new BigInt64Array(map(hops, hopsAPart * parts * HOP_LEN).bytes.buffer),
      links: map(links, LINKS_A_PART * parts * LINK_LEN),
      globals: map(globals, Globals.LEN),
      records:
        records === undefined ? undefined : new Int32Array(map(records, slotsAPart * parts * RECORD_LEN).bytes.buffer),
      unmap,
    }
  } catch (error) {
    unmap()
    throw error
  }
}
