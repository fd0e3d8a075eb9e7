import type { CheckTarget, CheckTiming } from '../../../src/keepalived/config/tree/checker.js'

/** What checks have in common. What is to come comes in time, however busy the machine is. */
export const TIMING: CheckTiming & CheckTarget = {
  alpha: false,
  retry: 0,
  delayBeforeRetryMs: 100,
  warmupMs: 0,
  delayLoopMs: 1000,
  connectTimeoutMs: 60_000,
  logAllFailures: false,
  fwmark: 0,
}

/** For what never comes: short enough for a test, and long enough for what comes before it. */
export const SHORT = { connectTimeoutMs: 2000 }
