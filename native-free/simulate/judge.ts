import type { AssertionResult, RealServerResult, SimulationResult } from './result.js'
import type { Assertion } from './scenario/scenario.js'

/** What of a result assertions are about. */
export type Judged = Omit<SimulationResult, 'assertions' | 'ok'>

interface Finding {
  readonly ok: boolean
  readonly found: string
}

/** Of nothing at all these do not hold: a scenario that asks has meant something. */
const ABOUT_REQUESTS: ReadonlySet<Assertion['kind']> = new Set([
  'share-most',
  'share-least',
  'broken-most',
  'failed-most',
  'moved-most',
  'imbalance',
] as const)

/** Whether an assertion holds, and what was found. */
export function judge(assertion: Assertion, result: Judged): AssertionResult {
  return { text: assertion.text, ...findingOf(assertion, result) }
}

function findingOf(assertion: Assertion, result: Judged): Finding {
  const { requests, realServers, drains, recoveries, series } = result
  if (ABOUT_REQUESTS.has(assertion.kind) && requests.started === 0) return { ok: false, found: 'no request began' }
  switch (assertion.kind) {
    case 'share-most':
    case 'share-least':
      return ofShares(assertion, realServers)
    case 'broken-most':
      return { ok: requests.broken <= assertion.count!, found: counted(requests.broken, 'connection', 'broke') }
    case 'failed-most':
      return ofFailures(assertion, requests)
    case 'moved-most':
      return { ok: requests.moved <= assertion.count, found: counted(requests.moved, 'request', 'moved') }
    case 'answered-least':
      return { ok: requests.answered >= assertion.count, found: counted(requests.answered, 'request', 'answered') }
    case 'drain':
      return ofTimes(
        assertion.ms,
        drains.map(({ realServer, tookMs }) => ({ what: realServer, tookMs })),
        'nothing was drained',
      )
    case 'recover':
      return ofTimes(
        assertion.ms,
        recoveries.map(({ event, tookMs }) => ({ what: event, tookMs })),
        'nothing failed',
      )
    case 'latency': {
      if (requests.answered === 0) return { ok: false, found: 'no request was answered' }
      const ms = requests.latencyMs[assertion.quantile]
      return { ok: ms < assertion.ms, found: `${assertion.quantile} ${ms} ms` }
    }
    case 'imbalance': {
      const most = Math.max(0, ...series.imbalance)
      return { ok: most <= assertion.most, found: `${most} at most` }
    }
    case 'queue': {
      const most = realServers.reduce((a, b) => (b.queueMost > a.queueMost ? b : a))
      return { ok: most.queueMost <= assertion.most, found: `${most.queueMost} at ${most.name}` }
    }
    case 'table': {
      const most = Math.max(...result.directors.map(({ connectionsMost }) => connectionsMost))
      return { ok: most <= assertion.most, found: `${most} at most` }
    }
    case 'drops-most':
      return ofDrops(assertion, result)
    case 'state':
      return ofState(assertion, result)
  }
}

function ofShares(
  { kind, server, percent }: Assertion & { kind: 'share-most' | 'share-least' },
  realServers: readonly RealServerResult[],
): Finding {
  const isMost = kind === 'share-most'
  const meant = realServers.filter(({ name }) => server === undefined || name === server)
  const worst = meant.reduce((a, b) => (b.sharePercent > a.sharePercent === isMost ? b : a))
  const ok = isMost ? worst.sharePercent <= percent : worst.sharePercent >= percent
  return { ok, found: `${worst.name} had ${worst.sharePercent} %` }
}

function ofFailures(
  { count, percent }: Assertion & { kind: 'broken-most' | 'failed-most' },
  { started, broken, refused, timedOut }: SimulationResult['requests'],
): Finding {
  const failed = broken + refused + timedOut
  if (percent === undefined) return { ok: failed <= count!, found: counted(failed, 'request', 'failed') }
  const share = started === 0 ? 0 : (failed / started) * 100
  return { ok: share <= percent, found: `${failed} of ${started} failed: ${share.toFixed(2)} %` }
}

/** Of nothing at all the assertion does not hold: a scenario that asks has meant something. */
function ofTimes(
  ms: number,
  all: readonly { readonly what: string; readonly tookMs: number | null }[],
  none: string,
): Finding {
  if (all.length === 0) return { ok: false, found: none }
  const longest = all.reduce((a, b) => ((b.tookMs ?? Infinity) > (a.tookMs ?? Infinity) ? b : a))
  if (longest.tookMs === null) return { ok: false, found: `${longest.what}: not until the end` }
  return { ok: longest.tookMs <= ms, found: `${longest.what}: ${Math.round(longest.tookMs) / 1000} s` }
}

function ofDrops({ reason, count }: Assertion & { kind: 'drops-most' }, { drops }: Judged): Finding {
  const meant = drops.filter(each => reason === undefined || each.reason === reason)
  const sum = meant.reduce((all, each) => all + each.count, 0)
  const most = meant[0]
  return { ok: sum <= count, found: most ? `${sum} drops, most of ${most.reason}` : 'no drops' }
}

function ofState(
  { director, state, atMs }: Assertion & { kind: 'state' },
  { directors, series, durationMs }: Judged,
): Finding {
  const states = directors.find(({ name }) => name === director)!.series.state
  const at = atMs === undefined ? states.length - 1 : series.endMs.findIndex(end => end >= atMs)
  const found = states[at]
  if (found === undefined) return { ok: false, found: `it ended after ${durationMs / 1000} s` }
  return { ok: found === state, found: `${director} was ${found || 'no virtual router'}` }
}

function counted(count: number, what: string, did: string): string {
  return `${count === 0 ? 'no' : count} ${what}${count === 1 ? '' : 's'} ${did}`
}
