import type { Sum } from './variants.js'

/** `count` sums one after the other, their total, so that none can be left out. */
type Loop = (sum: Sum, dv: DataView, at: number, len: number, count: number) => number

let loops = 0
/**
 * A loop for one variant alone: V8 keeps what it learns of calls with the compiled text, and one loop for all variants would
 * call every one of them the slow way. The number makes each text another, or V8 would find it compiled already.
 */
export function ownLoop(): Loop {
  return new Function(
    'sum',
    'dv',
    'at',
    'len',
    'count',
    `/* ${++loops} */ let total = 0; for (let i = 0; i < count; i++) total += sum(dv, at, len); return total`,
  ) as Loop
}

/** Nanoseconds a call, of `count` calls. */
export function timed(count: number, run: () => unknown): number {
  const start = process.hrtime.bigint()
  run()
  return Number(process.hrtime.bigint() - start) / count
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
