import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { numberOf } from '../../../src/keepalived/checkers/file-check.js'
import { readConfig } from '../../../src/keepalived/config/read-config.js'
import { checkedServices, type CheckedService } from '../../../src/keepalived/health/checked-service.js'
import { peerOf } from '../../../src/keepalived/checkers/peer.js'
import type { CheckerState } from '../../../src/keepalived/health/checker-state.js'
import type { ServerState } from '../../../src/keepalived/health/server-state.js'
import { recordedHost } from '../config/recorded-host.js'
import { RecordedNetwork } from './recorded-network.js'
import { VirtualRig, type Answer } from './virtual-rig.js'

/*
 * Recordings of keepalived 2.2.7 with a kernel's IPVS, beside this file: what was done to real servers, and the rules after each change.
 * The same is done in virtual time; the same rules must come in the same order, each within the interval of its check. Most come within a
 * tenth of the time since what caused them, or a quarter of a second: the recording machine, Linux as a process, was that slow, and a
 * few tens of milliseconds a check put some of a dead server's checks on the other side of its return.
 */

interface Scenario {
  readonly name: string
  readonly about: string
  readonly configurations: readonly { t: number; text: string }[]
  /** When each real server was asked, seconds. */
  readonly checks: Readonly<Record<string, readonly number[]>>
  readonly end: number
  readonly events: readonly { t: number; do?: string; rules?: string; ready?: string }[]
}

const FILE = join(
  dirname(fileURLToPath(import.meta.url)),
  '../../../../test/keepalived/health/recorded/scenarios.jsonl',
)
const SCENARIOS = readFileSync(FILE, 'utf8').trim().split('\n').map(line => JSON.parse(line) as Scenario) // prettier-ignore
const SLOW_MS = 250

/** Where uvs is meant to differ: docs/differences.md. Those states of the rules do not come, or others. */
const BETTER: Record<string, string> = {
  'http-keep-open': 'a server that keeps the connection open is up',
  'http-odd-answers': 'header lines may end with LF',
  'smtp-check': 'replies may have several lines',
  'reload-added-dead': 'a dead server is not added',
  'http-slow': 'a server is in when its first answer has come',
  'ssl-get': 'a server that speaks no TLS is never in',
  'udp-check': 'silence is judged from the start, so later checks come at other times',
}

/** Two changes so close that another lag exchanges them: their rules are compared at the end alone. */
const CLOSE = new Set(['http-defaults'])

interface State {
  readonly atMs: number
  readonly rules: string
}

/** `10.1.1.1:80 10.1.2.1:80=3 …` from `ipvsadm -Sn`. */
function rulesOf(saved: string): string {
  const services = new Map<string, string[]>()
  for (const line of saved.trim().split('\n')) {
    const [command, , service = '', , server = ''] = line.split(' ')
    if (command === '-A') services.set(service, [])
    else if (command === '-a')
      services.get(service)!.push(`${server.replace(/[[\]]/g, '')}=${/-w (\d+)/.exec(line)![1]}`)
  }
  return [...services].map(([service, servers]) => [service, ...servers.sort()].join(' ')).join('\n')
}

/** `[10.1.1.1]:tcp:80` → `10.1.1.1:80`, as ipvsadm writes it. */
function nameOf(name: string): string {
  const [, address = '', port = ''] = /^\[(.*)\]:\w+:(\d+)$/.exec(name) ?? []
  return `${address.includes(':') ? `[${address}]` : address}:${port}`
}

function servicesOf(text: string): CheckedService[] {
  const runs = { ...recordedHost('ka.conf', { text }), script: () => 'runs' as const }
  const { config } = readConfig('ka.conf', runs)
  return checkedServices(config!).map(service => ({ ...service, name: nameOf(service.name) }))
}

function configurationAt({ configurations }: Scenario, t: number): CheckedService[] {
  return servicesOf(configurations.findLast(one => one.t <= t)!.text)
}

/**
 * How long a check took: on the recording machine up to tens of milliseconds more than its answer did. Where the next check of that
 * server is recorded within a tenth of the delay behind its time, so much more.
 */
function withLag(answer: Answer, state: CheckerState, nowMs: number, { checks }: Scenario): Answer {
  const { checker, server } = state
  const isRetry = !answer.result.isUp && !state.isFirst && state.retries < checker.retry
  const delayMs = isRetry ? checker.delayBeforeRetryMs : checker.delayLoopMs
  if (checker.kind === 'MISC_CHECK') return answer
  const { address, port } = peerOf(checker, server.options)
  const dueMs = nowMs + answer.tookMs + delayMs
  const next = checks[`${address}/${port}`]?.find(at => Math.abs(at * 1000 - dueMs) < delayMs / 10) ?? 0
  return { ...answer, tookMs: answer.tookMs + Math.max(0, next * 1000 - dueMs) }
}

/** The same in virtual time. */
function replayed(scenario: Scenario): { rig: VirtualRig; startMs: number } {
  const network = new RecordedNetwork()
  const startAt = scenario.events.find(({ ready }) => ready === 'Startup')!.t
  for (const event of scenario.events) if (event.t <= startAt && event.do) network.apply(event.do)
  const isSuspended = scenario.name === 'ha-suspend'
  const rig: VirtualRig = new VirtualRig(
    configurationAt(scenario, startAt),
    state => withLag(network.check(state), state, rig?.nowMs ?? startAt * 1000, scenario),
    {
      atMs: startAt * 1000,
      isSuspended,
      random: scenario.name === 'tcp-defaults' ? () => 0.1 : () => 0,
    },
  )
  for (const event of scenario.events.filter(({ t: at }) => at > startAt)) {
    rig.at(event.t * 1000, () => {
      if (event.ready === 'Reload') rig.machine.reload(configurationAt(scenario, event.t), rig.nowMs)
      else if (event.ready === 'added' || event.ready === 'removed') {
        rig.isSuspended = event.ready === 'removed'
        rig.machine.addressesChanged(rig.nowMs)
      } else if (event.do && network.apply(event.do)) rig.setFile('tf', numberOf(network.file('tf')))
    })
  }
  return { rig: rig.run(scenario.end * 1000), startMs: startAt * 1000 }
}

/** From the second in which keepalived has dead servers in the rules; a state that lasts less than a moment is part of the next. */
function settled(states: readonly State[], fromMs: number): State[] {
  const after = states.filter(({ atMs }) => atMs > fromMs)
  const first = states.findLast(({ atMs }) => atMs <= fromMs)
  const found = [{ atMs: fromMs, rules: first?.rules ?? '' }, ...after]
  return found.filter(({ atMs, rules }, i) => {
    const next = found[i + 1]
    return (next === undefined || next.atMs - atMs > 150) && found.slice(0, i).at(-1)?.rules !== rules
  })
}

/** From one check to the next, retries and timeouts among it. */
function intervalsOf({ checkers }: ServerState): number[] {
  return checkers.map(({ checker }) => {
    const waitMs = 'connectTimeoutMs' in checker ? checker.connectTimeoutMs : 0
    return checker.delayLoopMs + checker.retry * (checker.delayBeforeRetryMs + waitMs)
  })
}

let changes = 0
let prompt = 0

for (const scenario of SCENARIOS) {
  t.test(`${scenario.name}: ${scenario.about}`, async t => {
    const { rig, startMs } = replayed(scenario)
    const isAlpha = /^ *alpha/m.test(scenario.configurations[0]!.text)
    const fromMs = startMs + (isAlpha ? 100 : 1300)
    const recorded = scenario.events
      .filter(({ rules }) => rules !== undefined)
      .map(({ t: at, rules }) => ({ atMs: at * 1000, rules: rulesOf(rules!) }))
    const expected = settled(recorded, fromMs)
    const found = settled(rig.history, fromMs)
    const better = BETTER[scenario.name]
    if (better !== undefined) {
      t.notSame(found.map(({ rules }) => rules), expected.map(({ rules }) => rules), better) // prettier-ignore
      return
    }
    if (CLOSE.has(scenario.name)) {
      t.strictSame(found.at(-1)!.rules, expected.at(-1)!.rules)
      return
    }
    t.strictSame(
      found.map(({ rules }) => rules),
      expected.map(({ rules }) => rules),
    )
    const longestMs = Math.max(...rig.machine.services.flatMap(({ servers }) => servers.flatMap(intervalsOf)), SLOW_MS)
    const causes = scenario.events.filter(event => event.do ?? event.ready).map(({ t: at }) => at * 1000)
    for (const [i, { atMs, rules }] of expected.entries()) {
      const cause = causes.findLast(ms => ms < atMs - 20) ?? fromMs
      const off = Math.abs((found[i]?.atMs ?? Infinity) - atMs)
      changes++
      if (off <= Math.max(SLOW_MS, (atMs - cause) / 10)) prompt++
      t.ok(off <= longestMs, `${rules}: ${Math.round(off)} ms off`)
    }
  })
}

t.test('three of four changes are within a tenth of their interval', async t => {
  t.comment(`${prompt} of ${changes}`)
  t.ok(prompt / changes > 0.75)
})
