import type { Test } from 'tap'

/** A process that gets no CPU for a while makes one of them late; what is slow by itself makes all. */
const TIMES = 4

/**
 * Does something that takes less than so long, ms: once, and if that took longer, again, `undo` before each next time. `doIt` waits as long
 * as it may take at the worst, and returns how long it took.
 */
export async function inTime(
  t: Test,
  what: string,
  withinMs: number,
  { doIt, undo }: { doIt: () => Promise<number>; undo: () => Promise<unknown> },
): Promise<void> {
  const took = [await doIt()]
  while (took.at(-1)! >= withinMs && took.length < TIMES) {
    await undo()
    took.push(await doIt())
  }
  t.ok(took.at(-1)! < withinMs, `${what}: ${took.map(Math.round).join(', then ')} ms, less than ${withinMs}`)
}
