import { close, mapRing, unmapRing } from '../linux/libc.js'
import type { Slab } from '../packet/frame.js'
import { KEPT_WORDS } from '../packet/kept-flow.js'
import { NOTE_WORDS } from '../packet/flow-slot.js'
import { BUCKET_LEN, bucketsFor, PLACES } from './flow-places.js'
import { createMap, MapFlag, MapType } from './bpf.js'
import { Globals, HOP_LEN, LINK_LEN, LINKS_A_PART, MOST_PARTS, type FlowMaps } from './flow-parts.js'
import { WORD } from './map-keys.js'

const NOTE_LEN = NOTE_WORDS * WORD
export const RECORD_LEN = KEPT_WORDS * WORD

export interface FlowSizes {
  /** The most flows of a part, and next hops. */
  readonly capacity: number
  readonly hops: number
  /** How many directors share the maps. */
  readonly parts?: number
  /** Of the hash: without it nobody knows which flows share a bucket, though of some that they do. */
  readonly seed?: number
  /** Of slots; default: as many as the flows need. */
  readonly buckets?: number
  /** Whether flows are to outlive their director. */
  readonly isKept?: boolean
}

/**
 * Makes the maps of flow-program.ts. SystemError where the kernel may not be given maps, or has none that can be mapped into memory
 * (Linux 5.5). Each flow that there may be takes 160 octets at once, 320 if it is kept.
 */
export function makeFlowMaps({ capacity, hops, parts = 1, seed = 0, buckets, isKept = false }: FlowSizes): FlowMaps {
  if (parts < 1 || parts > MOST_PARTS) throw new RangeError(`parts: 1 to ${MOST_PARTS}, not ${parts}`)
  const bucketCount = buckets ?? bucketsFor(capacity * parts)
  const fds: number[] = []
  const array = (value: number, entries: number): number => {
    const fd = createMap(MapType.ARRAY, WORD, value, entries, MapFlag.MMAPABLE)
    fds.push(fd)
    return fd
  }
  try {
    return {
      slots: array(BUCKET_LEN, bucketCount + 1),
      notes: array(NOTE_LEN, slotsOf(bucketCount)),
      buckets: bucketCount,
      seed,
      hops: array(HOP_LEN, hops * parts),
      links: array(LINK_LEN, LINKS_A_PART * parts),
      globals: array(Globals.LEN, 1),
      records: isKept ? array(RECORD_LEN, slotsOf(bucketCount)) : undefined,
      parts,
      flowsAPart: capacity,
      hopsAPart: hops,
    }
  } catch (error) {
    for (const fd of fds) close(fd)
    throw error
  }
}
export function closeFlowMaps({ slots, notes, hops, links, globals, records }: FlowMaps): void {
  for (const fd of [slots, notes, hops, links, globals]) close(fd)
  if (records !== undefined) close(records)
}

/** All slots, those of nobody's bucket too. */
function slotsOf(buckets: number): number {
  return (buckets + 1) * PLACES
}

/** What of the maps is in memory. */
export interface FlowMemory {
  readonly slots: Int32Array
  readonly notes: Int32Array
  readonly hops: BigInt64Array
  readonly links: Slab
  readonly globals: Slab
  readonly records: Int32Array | undefined
  unmap(): void
}

export function mapFlows(maps: FlowMaps): FlowMemory {
  const { buckets, slots, notes, hops, links, globals, records, parts, hopsAPart } = maps
  const mapped: Slab[] = []
  const map = (fd: number, len: number): Slab => {
    const slab = mapRing(fd, len)
    mapped.push(slab)
    return slab
  }
  const unmap = (): void => mapped.splice(0).forEach(unmapRing)
  try {
    return {
      slots: new Int32Array(map(slots, (buckets + 1) * BUCKET_LEN).bytes.buffer),
      notes: new Int32Array(map(notes, slotsOf(buckets) * NOTE_LEN).bytes.buffer),
      hops: new BigInt64Array(map(hops, hopsAPart * parts * HOP_LEN).bytes.buffer),
      links: map(links, LINKS_A_PART * parts * LINK_LEN),
      globals: map(globals, Globals.LEN),
      records:
        records === undefined ? undefined : new Int32Array(map(records, slotsOf(buckets) * RECORD_LEN).bytes.buffer),
      unmap,
    }
  } catch (error) {
    unmap()
    throw error
  }
}
