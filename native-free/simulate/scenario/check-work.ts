import { ScenarioError, type Path } from './scenario-error.js'
import type { ClientGroup, Flood, Scenario } from './scenario.js'

/** Requests of all clients, and SYNs of all floods: each takes some minutes of one CPU. */
const MOST = { clients: 2_000_000, floods: 50_000_000 } as const
const WHAT = { clients: 'requests', floods: 'SYNs' } as const

const MOST_SERVERS = 5000
/** Of each real server at the end of each interval: what the result holds of them is some hundred MB. */
const MOST_SAMPLES = 1_000_000

/** A scenario of more than some minutes' work is a slip of a unit. ScenarioError names what brings it over the limit. */
export function checkWork({ clients, servers, floods, durationMs, stepMs }: Scenario): void {
  if (servers.length > MOST_SERVERS) throw new ScenarioError(['servers', MOST_SERVERS], `${MOST_SERVERS} at most`)
  const samples = servers.length * Math.ceil(durationMs / stepMs)
  if (samples > MOST_SAMPLES)
    throw new ScenarioError(['step'], `${samples} intervals of all real servers together: ${MOST_SAMPLES} at most`)
  check('clients', clients, each => requests(each, durationMs))
  check('floods', floods, each => (each.perSecond * lasts(each, durationMs)) / 1000)
}

function check<T>(key: keyof typeof MOST, list: readonly T[], work: (each: T) => number): void {
  let all = 0
  for (const [i, each] of list.entries()) {
    all += work(each)
    if (all <= MOST[key]) continue
    const path: Path = [key, i, key === 'clients' ? 'arrivals' : 'syns']
    throw new ScenarioError(path, `${Math.ceil(all)} ${WHAT[key]} in all: ${MOST[key]} at most`)
  }
}

function requests(group: ClientGroup, durationMs: number): number {
  const { arrivals, most, perConnection } = group
  const ms = lasts(group, durationMs)
  const connections =
    arrivals.kind === 'burst' ? arrivals.size * Math.ceil(ms / arrivals.everyMs) : (arrivals.perSecond * ms) / 1000
  return Math.min(most, connections) * perConnection
}

function lasts({ fromMs, untilMs }: ClientGroup | Flood, durationMs: number): number {
  return Math.max(0, Math.min(untilMs, durationMs) - fromMs)
}
