import { type Failed, rounded } from './ledger.js'
import type { RecoveryResult } from './result.js'

/** Of each disturbance, what came of it until the next one: which requests failed, and when the last of them began. */
export function recoveriesOf(
  shocks: readonly { readonly text: string; readonly atMs: number }[],
  failures: readonly Failed[],
  durationMs: number,
  stepMs: number,
): RecoveryResult[] {
  return shocks.map(({ text, atMs }, i) => {
    const untilMs = shocks[i + 1]?.atMs ?? durationMs
    const failed = failures.filter(each => each.atMs >= atMs && each.atMs < untilMs)
    // What was open when it came fails then, and says nothing of the time after.
    const lastMs = failed.reduce((last, { sinceMs }) => Math.max(last, sinceMs), atMs)
    const isOver = lastMs === atMs || lastMs < untilMs - stepMs
    return { event: text, atMs: rounded(atMs), tookMs: isOver ? rounded(lastMs - atMs) : null, failed: failed.length }
  })
}
