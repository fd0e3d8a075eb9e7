import { mapWords } from '../../src/linux/huge-pages.js'

let isPlain = false

/** Whether tables in this process get pages of 4 KiB. */
export function setPlainPages(plain: boolean): void {
  isPlain = plain
}
/** The memory of a table: by default the same as the data plane's. */
export function allocateWords(count: number): Int32Array {
  return isPlain ? new Int32Array(count) : mapWords(count)
}
