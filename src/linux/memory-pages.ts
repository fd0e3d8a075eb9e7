import { readFileSync } from 'node:fs'

const PAGE_KIB = 4

/** Free and buffer memory of the host, in 4 KiB pages: /proc/meminfo's MemFree + Buffers. Infinity where that cannot be read. */
export function availablePages(): number {
  try {
    const text = readFileSync('/proc/meminfo', 'utf8')
    const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? NaN)
    const pages = Math.floor((kib('MemFree') + kib('Buffers')) / PAGE_KIB)
    return Number.isNaN(pages) ? Infinity : pages
  } catch {
    return Infinity // no /proc: nothing to defend
  }
}
