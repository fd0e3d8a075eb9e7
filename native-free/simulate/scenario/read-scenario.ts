import { checkScenario } from './check-scenario.js'
import { anyText, Fields, listOf, name, oneWord, textAs, whole, type Read } from './fields.js'
import {
  address,
  arrivals,
  distribution,
  duration,
  link,
  network,
  octets,
  positive,
  rate,
  target,
} from './quantities.js'
import { assertion } from './read-assertion.js'
import { changes, lines } from './read-change.js'
import { quoted, ScenarioError } from './scenario-error.js'
import type { ClientGroup, DirectorPlan, Flood, RealServerPlan, Scenario } from './scenario.js'

/** Each sample is a row of the charts. */
const MOST_STEPS = 10_000
const STEPS = 60
const LEAST_STEP_MS = 10
const CLIENT_DELAY_MS = 5
const SERVER_DELAY_MS = 0.2
const MOST_CONNECTIONS = 2 ** 24

/** Reads a scenario as YAML's reader, or a module, gives it. ScenarioError names the place, the word and what is allowed. */
export function readScenario(value: unknown): Scenario {
  const fields = new Fields(value, [], 'a scenario')
  const durationMs = fields.need('duration', positive)
  const stepMs = fields.take('step', step(durationMs)) ?? defaultStep(durationMs)
  const group = clientGroup(durationMs)
  const scenario: Scenario = {
    name: fields.take('name', anyText) ?? 'scenario',
    seed: fields.take('seed', whole(0, 0xffffffff)) ?? 1,
    durationMs,
    stepMs,
    clients: fields.need('clients', listOf(group)),
    servers: fields.need('servers', listOf(realServer)),
    floods: fields.take('floods', listOf(flood(durationMs))) ?? [],
    directors: fields.take('directors', listOf(director)) ?? [defaultDirector(0)],
    directorLink: fields.take('director link', link(SERVER_DELAY_MS)) ?? quiet(SERVER_DELAY_MS),
    maxConnections: fields.take('max connections', whole(1, MOST_CONNECTIONS)),
    rules: fields.take('rules', lines) ?? [],
    changes: (fields.take('changes', listOf(changes)) ?? []).flat().toSorted((a, b) => a.atMs - b.atMs),
    assertions: fields.take('assert', listOf(assertion)) ?? [],
  }
  fields.end()
  checkScenario(scenario)
  return scenario
}

function defaultStep(durationMs: number): number {
  const exact = durationMs / STEPS
  const nice = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000]
  return nice.find(ms => ms >= exact) ?? exact
}

function step(durationMs: number): Read<number> {
  return (value, path) => {
    const ms = duration(value, path)
    if (ms >= LEAST_STEP_MS && durationMs / ms <= MOST_STEPS) return ms
    throw new ScenarioError(path, `${quoted(value)}: ${LEAST_STEP_MS}ms or longer, and at most ${MOST_STEPS} in all`)
  }
}

function clientGroup(durationMs: number): Read<ClientGroup> {
  return (value, path) => {
    const fields = new Fields(value, path, 'clients')
    const found = {
      name: fields.need('name', name),
      network: fields.need('from', network),
      to: fields.need('to', target),
      protocol: fields.take('protocol', oneWord('tcp', 'udp')) ?? ('tcp' as const),
      arrivals: fields.need('arrivals', arrivals),
      fromMs: fields.take('begin', duration) ?? 0,
      untilMs: fields.take('end', duration) ?? durationMs,
      most: fields.take('connections', whole(1, 100_000_000)) ?? Infinity,
      perConnection: fields.take('requests per connection', whole(1, 1_000_000)) ?? 1,
      think: fields.take('think', distribution(duration)) ?? { kind: 'constant' as const, value: 0 },
      size: fields.take('size', distribution(octets)) ?? { kind: 'constant' as const, value: 1024 },
      timeoutMs: fields.take('timeout', positive) ?? 10_000,
      link: fields.take('link', link(CLIENT_DELAY_MS)) ?? quiet(CLIENT_DELAY_MS),
    }
    fields.end()
    return found
  }
}

const realServer: Read<RealServerPlan> = (value, path) => {
  const fields = new Fields(value, path, 'a real server')
  const found = {
    name: fields.need('name', name),
    addr: fields.need('address', address),
    places: fields.take('concurrent', whole(1, 1_000_000)) ?? 100,
    service: fields.take('service', distribution(duration)) ?? { kind: 'constant' as const, value: 1 },
    queue: fields.take('queue', whole(0, 1_000_000)) ?? 1000,
    link: fields.take('link', link(SERVER_DELAY_MS)) ?? quiet(SERVER_DELAY_MS),
  }
  fields.end()
  return found
}

function flood(durationMs: number): Read<Flood> {
  return (value, path) => {
    const fields = new Fields(value, path, 'a flood')
    const found = {
      name: fields.take('name', name) ?? 'flood',
      network: fields.need('from', network),
      to: fields.need('to', target),
      perSecond: fields.need('syns', rate),
      fromMs: fields.take('begin', duration) ?? 0,
      untilMs: fields.take('end', duration) ?? durationMs,
    }
    fields.end()
    return found
  }
}

/** Beside the documentation's networks, which no scenario's hosts are in. */
function defaultDirector(at: number): DirectorPlan {
  const addresses = [`192.0.2.${at + 1}/24@cli`, `198.51.100.${at + 1}/24@srv`]
  return { name: `lb${at + 1}`, addresses, keepalived: undefined }
}

const interfaceAddress = textAs("an address such as '192.168.10.2/24@cli', on cli or srv", text =>
  /^[\d.]+\/\d+@(cli|srv)$/.test(text) ? text : undefined,
)

const director: Read<DirectorPlan> = (value, path) => {
  const fields = new Fields(value, path, 'a director')
  const usual = defaultDirector(Number(path.at(-1)))
  const found = {
    name: fields.take('name', name) ?? usual.name,
    addresses: fields.take('addresses', listOf(interfaceAddress)) ?? usual.addresses,
    keepalived: fields.take('keepalived', anyText),
  }
  fields.end()
  return found
}

function quiet(delayMs: number) {
  return { delayMs, jitterMs: 0, loss: 0, reorder: 0 }
}
