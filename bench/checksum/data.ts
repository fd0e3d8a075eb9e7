/** Octets of data: the largest size at any alignment. */
export const DATA_LEN = 65536 + 16
export const SIZES = [20, 64, 576, 1460, 9000, 65535] as const
/** Alignments: octets after an address divisible by 16. */
export const ALIGNMENTS = Array.from({ length: 16 }, (_, at) => at)

/** The same octets in every run. */
export function testData(): Uint8Array<ArrayBuffer> {
  let state = 1
  return Uint8Array.from({ length: DATA_LEN }, () => (state = (state * 1103515245 + 12345) & 0x7fffffff) >>> 16)
}
