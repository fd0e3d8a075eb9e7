import type { Sum } from './variants.js'

/** Runs `count` sums one after another and returns their total, so that the compiler cannot drop any. */
type Loop = (sum: Sum, dv: DataView, at: number, len: number, count: number) => number

let loops = 0
/**
 * Compiles a loop for one variant alone: V8 keeps call feedback with the compiled text, and a loop shared by all variants
 * would make every call the slow way. The number makes each text unique, or V8 would reuse the compiled one.
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

/** Nanoseconds a call, over `count` calls. */
export function timed(count: number, run: () => unknown): number {
  const start = process.hrtime.bigint()
  run()
  return Number(process.hrtime.bigint() - start) / count
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
