import koffi from 'koffi'
import { mapMemory } from './libc.js'

const madvise = koffi.load(null).func('int madvise(uintptr_t at, size_t len, int advice)')
const MADV_HUGEPAGE = 14
const HUGE_PAGE = 2 ** 21
const WORD = 4

/**
 * Zeroed 32-bit words of our own for a large table, in pages of 2 MiB where the kernel has transparent ones for who asks
 * (`madvise` or `always` in /sys/kernel/mm/transparent_hugepage/enabled): in a table of some hundred MiB the walk through the
 * page tables costs as much as the cache miss itself. Elsewhere in plain pages. Never given back.
 */
export function mapWords(count: number): Int32Array {
  const len = count * WORD
  if (len < HUGE_PAGE) return new Int32Array(count)
  const { bytes, address } = mapMemory(len + HUGE_PAGE)
  const at = (HUGE_PAGE - (address % HUGE_PAGE)) % HUGE_PAGE
  // A kernel without them says EINVAL, and nothing is lost.
  madvise(address + at, Math.floor(len / HUGE_PAGE) * HUGE_PAGE, MADV_HUGEPAGE)
  return new Int32Array(bytes.buffer as ArrayBuffer, at, count)
}
