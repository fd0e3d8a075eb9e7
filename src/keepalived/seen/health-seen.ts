import type { CheckedKey, CheckHealth, HealthPage, ServerHealth, ServiceHealth } from '../../control/protocol/api.js'
import { effectOf } from '../checkers/file-check.js'
import type { CheckerState } from '../health/checker-state.js'
import type { FileState, ServerState } from '../health/server-state.js'
import type { ServiceState } from '../health/service-state.js'
import type { Moment } from './moment.js'
import { secondsUntil } from './wall-clock.js'

/* What is shown of checks. Changes nothing. */

/** A page ends with the service that reaches so many real servers and services: about a millisecond. */
const ROWS_PER_PAGE = 256

/** The virtual servers from the one of number `from` on. */
export function healthPage(services: readonly ServiceState[], from: number, moment: Moment): HealthPage {
  const page: ServiceHealth[] = []
  let at = from
  for (let rows = 0; rows < ROWS_PER_PAGE && at < services.length; at++) {
    const service = services[at]!
    page.push(serviceHealth(service, moment))
    rows += 1 + service.servers.length
  }
  return { services: page, next: at < services.length ? at : null }
}

function serviceHealth(service: ServiceState, moment: Moment): ServiceHealth {
  const { options, quorum, reason, weight, isSuspended, sinceMs, sorryInRules } = service
  const { sorryServer: sorry } = options
  return {
    ...keyOf(service),
    state: quorum === 'open' ? 'unknown' : quorum,
    since: moment.clock.secondsAt(sinceMs, moment.nowMs),
    why: reason,
    weight,
    quorum: options.quorum,
    hysteresis: options.hysteresis,
    ...(isSuspended && { isSuspended }),
    ...(sorry && {
      sorryServer: { address: sorry.address, port: sorry.port, inUse: quorum === 'down' && sorryInRules !== undefined },
    }),
    servers: service.servers.map(server => serverHealth(server, isSuspended, moment)),
  }
}

/** Without a protocol: a group of marks. */
function keyOf({ options }: ServiceState): CheckedKey {
  const { target, protocol, realServers } = options
  const named = protocol === 'none' ? {} : { protocol }
  if (target.kind === 'group') return { group: target.group, ...named }
  if (target.kind === 'address') return { protocol: 'tcp', ...named, address: target.address, port: target.port }
  return { mark: target.mark, ...(realServers[0]?.family === 6 && { family: 6 }) }
}

function serverHealth(server: ServerState, isSuspended: boolean, moment: Moment): ServerHealth {
  const { options, known, sinceMs, weight, inRules, checkers, files } = server
  return {
    address: options.address,
    port: options.port,
    state: known,
    since: moment.clock.secondsAt(sinceMs ?? moment.nowMs, moment.nowMs),
    why: whyOf(server, isSuspended),
    weight,
    ...(inRules !== undefined && { ruleWeight: inRules }),
    checks: [
      ...checkers.map(checker => checkHealth(checker, moment)),
      ...files.map(file => fileHealth(file, server, moment)),
    ],
  }
}

function whyOf({ known, why, checkers, files }: ServerState, isSuspended: boolean): string {
  if (known === 'down') return why ?? 'its checks have not succeeded yet'
  if (isSuspended) return 'not checked: the virtual address is on no interface of this host (ha_suspend)'
  if (known === 'unknown') return 'its first checks have not ended'
  const kinds = [...checkers, ...files].map(({ checker }) => checker.kind)
  return kinds.length === 0 ? 'it has no check' : `${[...new Set(kinds)].join(', ')} succeeded`
}

function checkHealth(state: CheckerState, moment: Moment): CheckHealth {
  const { checker, known, sinceMs, why, lastFailure, retries, endedMs } = state
  const { nowMs, clock } = moment
  const of = whatOf(state)
  const next = nextOf(state, nowMs)
  const counts = known === 'up' ? 'it has not ended yet, and counts as up' : 'it has not ended yet'
  const good = endedMs === undefined ? counts : 'it succeeded'
  return {
    check: checker.kind,
    ...(of !== undefined && { of }),
    state: known,
    since: clock.secondsAt(sinceMs ?? nowMs, nowMs),
    why: why ?? good,
    ...(lastFailure && { lastError: { why: lastFailure.why, at: clock.secondsAt(lastFailure.atMs, nowMs) } }),
    ...(retries > 0 && { retries }),
    ...(next && { next }),
  }
}

function nextOf({ isRunning, dueMs, retries }: CheckerState, nowMs: number): CheckHealth['next'] {
  if (isRunning) return { event: 'result' }
  if (dueMs === undefined) return undefined
  return { event: retries > 0 ? 'retry' : 'check', seconds: secondsUntil(dueMs, nowMs) }
}

function whatOf({ checker, url, server }: CheckerState): string | undefined {
  if (url) return url.path
  if (checker.kind === 'MISC_CHECK') return checker.script?.words[0]
  if (checker.kind === 'DNS_CHECK') return `${checker.name} ${checker.type}`
  const { connectIp, connectPort } = checker
  if (connectIp === undefined && connectPort === undefined) return undefined
  return `${connectIp ?? server.options.address}:${connectPort ?? server.options.port}`
}

function fileHealth({ checker, value, sinceMs }: FileState, server: ServerState, moment: Moment): CheckHealth {
  const { isUp } = effectOf(checker, value)
  return {
    check: checker.kind,
    ...(checker.trackFile !== undefined && { of: checker.trackFile }),
    state: isUp ? 'up' : 'down',
    since: moment.clock.secondsAt(sinceMs ?? server.sinceMs ?? moment.nowMs, moment.nowMs),
    why: `it says ${value}`,
  }
}
