import { runScript, type ScriptEnd } from '../scripts/run-script.js'
import { userIds } from '../scripts/user-ids.js'
import type { MiscCheck } from '../config/tree/checker.js'
import { down, UP, type CheckResult } from './check-result.js'

/** Exit statuses of misc_dynamic from here on are a weight plus this. */
const FIRST_WEIGHT = 2

/**
 * MISC_CHECK: a program says it by its exit status: 0 up, else down. With misc_dynamic 1 is down, and 2 to 255 are up with a weight of 0 to
 * 253. `scriptUser` and `scriptGroup` are those of global_defs.
 */
export async function checkMisc(
  checker: MiscCheck,
  scriptUser: string | undefined,
  scriptGroup: string | undefined,
  signal: AbortSignal,
): Promise<CheckResult> {
  const { script } = checker
  if (script === undefined) return UP
  const user = checker.user ?? script.user ?? scriptUser
  const group = checker.user !== undefined ? checker.group : script.user !== undefined ? script.group : scriptGroup
  const as = user === undefined ? undefined : userIds(user, group)
  if (user !== undefined && as === undefined) return down(`there is no user ${user}`)
  // As recorded: without misc_timeout a script has until the next run is due.
  const timeoutMs = checker.timeoutMs || checker.delayLoopMs
  const end = await runScript({ words: script.words, timeoutMs, signal, ...(as && { as }) })
  return judgeEnd(end, checker.isDynamic)
}

export function judgeEnd(end: ScriptEnd, isDynamic: boolean): CheckResult {
  if (end.kind === 'timed out') return down('timed out')
  if (end.kind === 'signalled') return down(`due to signal ${end.signal}`)
  if (end.kind === 'not run') return down(`not run: ${end.why}`)
  const { status } = end
  if (status === 0) return UP
  if (!isDynamic || status < FIRST_WEIGHT) return down(`exited with status ${status}`)
  return { isUp: true, weight: status - FIRST_WEIGHT }
}
