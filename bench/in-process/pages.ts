import { mapWords } from '../../src/linux/huge-pages.js'

let isPlain = false

/** In this process, whether tables get pages of 4 KiB. */
export function setPlainPages(plain: boolean): void {
  isPlain = plain
}
/** The memory of a table: as the data plane's, unless told otherwise. */
export function allocateWords(count: number): Int32Array {
  return isPlain ? new Int32Array(count) : mapWords(count)
}
