import koffi from 'koffi'
import { mapMemory } from './libc.js'

const madvise = koffi.load(null).func('int madvise(uintptr_t at, size_t len, int advice)')
const MADV_HUGEPAGE = 14
const MADV_POPULATE_WRITE = 23
const PAGE = 4096
const HUGE_PAGE = 2 ** 21
const WORD = 4

/** Larger tables are made resident when the director starts. 64 MiB: what a director has unless told otherwise. */
const LARGE = 2 ** 26

/** Where they lie, of those that `mapWords` has mapped. */
const addresses = new WeakMap<Int32Array, number>()

/**
 * Maps zeroed 32-bit words for a large table, in pages of 2 MiB where the kernel gives transparent ones on request
 * (`madvise` or `always` in /sys/kernel/mm/transparent_hugepage/enabled): in a table of some hundred MiB the walk through the
 * page tables costs as much as the cache miss itself. Elsewhere in plain pages. The words are never unmapped.
 */
export function mapWords(count: number): Int32Array {
  const len = count * WORD
  if (len < HUGE_PAGE) return new Int32Array(count)
  const { bytes, address } = mapMemory(len + HUGE_PAGE)
  const at = (HUGE_PAGE - (address % HUGE_PAGE)) % HUGE_PAGE
  // A kernel without them says EINVAL, and nothing is lost.
  madvise(address + at, Math.floor(len / HUGE_PAGE) * HUGE_PAGE, MADV_HUGEPAGE)
  const words = new Int32Array(bytes.buffer as ArrayBuffer, at, count)
  addresses.set(words, address + at)
  return words
}

/**
 * Has a large table's memory given now and not with the first writing to each page: in a virtual machine that can take 5 ms for
 * one of 2 MiB, and new connections wait for it (Linux 5.14; elsewhere they do).
 */
export function makeResident(words: Int32Array): void {
  const address = addresses.get(words)
  const len = words.length * WORD
  if (address !== undefined && len > LARGE) madvise(address, Math.floor(len / PAGE) * PAGE, MADV_POPULATE_WRITE)
}
