import type { Balancer } from './ha-plan.js'
import type { Advert } from './wire-news.js'

/** A director that sends adverts, from its first to its last before another one's or its good-bye. */
export interface Reign {
  by: Balancer
  fromMs: number
  toMs: number
  adverts: number
  /** The longest time between two adverts, ms; 0 for a single one. */
  longestMs: number
}

/** Who was master when, by the adverts that were seen, in their order. Of an advert of priority 0 nobody is master. */
export function reigns(adverts: readonly Advert[]): Reign[] {
  const found: Reign[] = []
  let gone = true
  for (const { from, atMs, priority } of adverts) {
    const last = found.at(-1)
    if (priority === 0) {
      gone ||= last?.by === from
      continue
    }
    if (last?.by === from && !gone) {
      last.longestMs = Math.max(last.longestMs, atMs - last.toMs)
      last.toMs = atMs
      last.adverts++
    } else found.push({ by: from, fromMs: atMs, toMs: atMs, adverts: 1, longestMs: 0 })
    gone = false
  }
  return found
}

/**
 * The longest time that two directors both claimed to be master, ms: from the first advert of one to the last of the one before it. An
 * advert more than `restMs` behind the other's first, or behind its own last, is of one that has become master anew.
 */
export function bothMs(adverts: readonly Advert[], restMs: number): number {
  const claims = adverts.filter(({ priority }) => priority > 0)
  const overlaps = claims.flatMap((taker, i) => {
    const before = claims[i - 1]
    if (!before || before.from === taker.from) return []
    let endMs = taker.atMs
    for (const { from, atMs } of claims.slice(i + 1)) {
      if (from === before.from && atMs - endMs <= restMs) endMs = atMs
    }
    return [endMs - taker.atMs]
  })
  return Math.max(0, ...overlaps)
}
