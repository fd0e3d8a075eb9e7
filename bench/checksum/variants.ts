import { fold, sum16 } from '../../src/wire/checksum.js'
import { MEMORY_LEN, wasmSums } from './wasm.js'

/** A way to sum octets: like `sum16` of src/wire without a start. Each is a plain function, so that V8 may inline what it calls. */
export type Sum = (dv: DataView, at: number, len: number) => number

/** Variants by their names in the table; where octets must be copied first, the copy is included. */
export const variants: Readonly<Record<string, Sum>> = {
  'by octet': byOctet,
  '16 bits': by16,
  '16 bits, unrolled by 8': by16Unrolled,
  '32 bits, halves apart': halvesApart,
  '32 bits, halves apart, unrolled by 4': halvesApartUnrolled,
  '32 bits, carries compared': carriesCompared,
  '64 bits, BigInt': byBigInt,
  '32 bits as doubles, unrolled by 8': sum16,
}

/** WebAssembly on its own memory: octets that are there already, and octets that must be copied in. */
export function wasmVariants(): { memory: DataView; inPlace: Record<string, Sum>; copied: Record<string, Sum> } {
  const { bytes, simd, words } = wasmSums()
  const copy = (dv: DataView, at: number, len: number): void =>
    bytes.set(new Uint8Array(dv.buffer, dv.byteOffset + at, len), MEMORY_LEN - 65536)
  return {
    memory: new DataView(bytes.buffer),
    inPlace: {
      'WebAssembly, 64 bits, in place': (_dv, at, len) => swap(words(at, len)),
      'WebAssembly SIMD, in place': (_dv, at, len) => swap(simd(at, len)),
    },
    copied: {
      'WebAssembly SIMD, copied in': (dv, at, len) => {
        copy(dv, at, len)
        return swap(simd(MEMORY_LEN - 65536, len))
      },
    },
  }
}

function swap(sum: number): number {
  return ((sum & 0xff) << 8) | (sum >>> 8)
}

function byOctet(dv: DataView, at: number, len: number): number {
  let high = 0
  let low = 0
  for (const end = at + (len & ~1); at < end; at += 2) {
    high += dv.getUint8(at)
    low += dv.getUint8(at + 1)
  }
  if (len & 1) high += dv.getUint8(at)
  return fold(high * 256 + low)
}

function by16(dv: DataView, at: number, len: number): number {
  let sum = 0
  for (const end = at + (len & ~1); at < end; at += 2) sum += dv.getUint16(at)
  if (len & 1) sum += dv.getUint8(at) << 8
  return fold(sum)
}

function by16Unrolled(dv: DataView, at: number, len: number): number {
  let sum = 0
  let end = at + (len & ~15)
  for (; at < end; at = (at + 16) | 0) {
    const first = dv.getUint16(at, true) + dv.getUint16((at + 2) | 0, true)
    const second = dv.getUint16((at + 4) | 0, true) + dv.getUint16((at + 6) | 0, true)
    const third = dv.getUint16((at + 8) | 0, true) + dv.getUint16((at + 10) | 0, true)
    sum = (sum + first + second + third + dv.getUint16((at + 12) | 0, true) + dv.getUint16((at + 14) | 0, true)) | 0
  }
  end = at + (len & 14)
  for (; at < end; at += 2) sum += dv.getUint16(at, true)
  if (len & 1) sum += dv.getUint8(at)
  return swap(fold(sum))
}

/** The product's earlier sum. */
function halvesApart(dv: DataView, at: number, len: number): number {
  let high = 0
  let low = 0
  for (const end = at + (len & ~3); at < end; at += 4) {
    const word = dv.getUint32(at)
    high += word >>> 16
    low += word & 0xffff
  }
  if (len & 2) {
    low += dv.getUint16(at)
    at += 2
  }
  if (len & 1) low += dv.getUint8(at) << 8
  return fold(fold(high) + fold(low))
}

function halvesApartUnrolled(dv: DataView, at: number, len: number): number {
  let high = 0
  let low = 0
  let end = (at + (len & ~15)) | 0
  for (; at < end; at = (at + 16) | 0) {
    const a = dv.getInt32(at, true)
    const b = dv.getInt32((at + 4) | 0, true)
    const c = dv.getInt32((at + 8) | 0, true)
    const d = dv.getInt32((at + 12) | 0, true)
    high += (a >>> 16) + (b >>> 16) + ((c >>> 16) + (d >>> 16))
    low += (a & 0xffff) + (b & 0xffff) + ((c & 0xffff) + (d & 0xffff))
  }
  end = (at + (len & 12)) | 0
  for (; at < end; at = (at + 4) | 0) {
    const word = dv.getInt32(at, true)
    high += word >>> 16
    low += word & 0xffff
  }
  if (len & 2) {
    low += dv.getUint16(at, true)
    at += 2
  }
  if (len & 1) low += dv.getUint8(at)
  return swap(fold(fold(high) + fold(low)))
}

/** Sums modulo 2^32 and counts the carries: how often the result is smaller than the addend. */
function carriesCompared(dv: DataView, at: number, len: number): number {
  let sum = 0
  let carries = 0
  for (const end = at + (len & ~3); at < end; at += 4) {
    const word = dv.getUint32(at, true)
    sum = (sum + word) >>> 0
    if (sum < word) carries++
  }
  let rest = fold(sum) + carries
  if (len & 2) {
    rest += dv.getUint16(at, true)
    at += 2
  }
  if (len & 1) rest += dv.getUint8(at)
  return swap(fold(rest))
}

function byBigInt(dv: DataView, at: number, len: number): number {
  let sum = 0n
  const end = at + (len & ~7)
  for (; at < end; at += 8) {
    const word = dv.getBigUint64(at, true)
    sum = BigInt.asUintN(64, sum + (word & 0xffffffffn) + (word >> 32n))
  }
  let rest = fold(Number(sum & 0xffffffffn)) + fold(Number(sum >> 32n))
  for (const even = at + (len & 6); at < even; at += 2) rest += dv.getUint16(at, true)
  if (len & 1) rest += dv.getUint8(at)
  return swap(fold(rest))
}
