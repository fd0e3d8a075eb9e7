import { verdictNames } from '../../../src/packet/verdict.js'
import { formatIpv4, type Ipv4Addr } from '../../../src/wire/addr.js'
import { checkWork } from './check-work.js'
import { ScenarioError, type Path } from './scenario-error.js'
import type { Assertion, Change, ClientGroup, RealServerPlan, Scenario } from './scenario.js'

/** Why a frame is lost outside of directors. */
export const LOSSES = ['address-nowhere', 'host-down', 'link-loss', 'link-partition'] as const
export type Loss = (typeof LOSSES)[number]
const REASONS: readonly string[] = [...[...verdictNames.values()].filter(name => name.startsWith('drop-')), ...LOSSES]

/** What changes and assertions name is there, each name once, and nothing is for a time that does not come. Else a ScenarioError. */
export function checkScenario(scenario: Scenario): void {
  const { clients, servers, directors, assertions } = scenario
  const all = { clients, servers, directors }
  const names = new Set<string>()
  for (const [key, list] of Object.entries(all)) {
    if (list.length === 0) throw new ScenarioError([key], 'one at least is expected')
    for (const [i, { name }] of list.entries()) {
      if (names.has(name)) throw new ScenarioError([key, i, 'name'], `'${name}' is there twice`)
      names.add(name)
    }
  }
  checkAddresses(servers)
  checkNetworks(clients)
  if (directors.length > 2) throw new ScenarioError(['directors', 2], 'two directors at most')
  for (const key of ['clients', 'floods'] as const)
    for (const [i, each] of scenario[key].entries()) checkSpan(each, scenario.durationMs, [key, i])
  checkWork(scenario)
  for (const change of scenario.changes) checkChange(change, scenario, [...names])
  for (const [i, each] of assertions.entries()) checkAssertion(each, scenario, ['assert', i])
}

function checkAddresses(servers: readonly RealServerPlan[]): void {
  const seen = new Set<Ipv4Addr>()
  for (const [i, { addr }] of servers.entries()) {
    if (seen.has(addr)) throw new ScenarioError(['servers', i, 'address'], `'${formatIpv4(addr)}' is there twice`)
    seen.add(addr)
  }
}

/** What comes for an address goes to the group that has it. */
function checkNetworks(clients: readonly ClientGroup[]): void {
  for (const [i, { network, name }] of clients.entries()) {
    const other = clients
      .slice(0, i)
      .find(each => ((each.network.addr ^ network.addr) & each.network.mask & network.mask) === 0)
    if (!other) continue
    throw new ScenarioError(['clients', i, 'from'], `'${name}' and '${other.name}' have addresses in common`)
  }
}

function checkSpan({ fromMs, untilMs }: { fromMs: number; untilMs: number }, durationMs: number, path: Path): void {
  if (fromMs >= durationMs) throw afterTheEnd([...path, 'begin'], fromMs, durationMs)
  if (untilMs <= fromMs)
    throw new ScenarioError([...path, 'end'], `${untilMs / 1000} s: they begin at ${fromMs / 1000} s`)
}

function checkChange(change: Change, { servers, directors, durationMs }: Scenario, all: readonly string[]): void {
  if (change.atMs >= durationMs) throw afterTheEnd([...change.path.slice(0, -1), 'at'], change.atMs, durationMs)
  if (change.kind === 'run') return
  const [serverNames, directorNames] = [servers.map(each => each.name), directors.map(each => each.name)]
  const isSlow = change.kind === 'fail' && typeof change.how === 'object'
  const allowed =
    change.kind === 'drain' || isSlow
      ? serverNames
      : change.kind === 'fail' || change.kind === 'recover'
        ? [...serverNames, ...directorNames]
        : all
  for (const who of [change.who].flat())
    if (!allowed.includes(who)) throw new ScenarioError(change.path, `'${who}': ${allowed.join(', ')} are there`)
}

function checkAssertion(each: Assertion, { servers, directors, durationMs }: Scenario, path: Path): void {
  const known = (name: string, list: readonly { name: string }[]): void => {
    const names = list.map(other => other.name)
    if (!names.includes(name)) throw new ScenarioError(path, `'${name}': ${names.join(', ')} are there`)
  }
  if ((each.kind === 'share-most' || each.kind === 'share-least') && each.server !== undefined)
    known(each.server, servers)
  if (each.kind === 'drops-most' && each.reason !== undefined && !REASONS.includes(each.reason))
    throw new ScenarioError(path, `'${each.reason}': no reason of a drop; there are ${REASONS.join(', ')}`)
  if (each.kind !== 'state') return
  known(each.director, directors)
  if (each.atMs !== undefined && each.atMs > durationMs) throw afterTheEnd(path, each.atMs, durationMs)
}

function afterTheEnd(path: Path, ms: number, durationMs: number): ScenarioError {
  return new ScenarioError(path, `${ms / 1000} s: the scenario ends at ${durationMs / 1000} s`)
}
