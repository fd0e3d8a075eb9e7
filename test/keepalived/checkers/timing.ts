import type { CheckTarget, CheckTiming } from '../../../src/keepalived/config/tree/checker.js'

/** What checks have in common, short enough for a test. */
export const TIMING: CheckTiming & CheckTarget = {
  alpha: false,
  retry: 0,
  delayBeforeRetryMs: 100,
  warmupMs: 0,
  delayLoopMs: 1000,
  connectTimeoutMs: 300,
  logAllFailures: false,
  fwmark: 0,
}
