import type { Control } from '../../../src/control/protocol/api.js'
import { localControl } from '../../../src/control/operations/execute.js'
import { trialDirectorMaker } from '../../../src/control/rules/trial-director.js'
import { uvsadm } from '../../../src/cli/uvsadm/run.js'
import { numberOf } from '../../../src/keepalived/checkers/file-check.js'
import { peerOf } from '../../../src/keepalived/checkers/peer.js'
import { readConfig, type ReadConfig } from '../../../src/keepalived/config/read-config.js'
import { START_MS } from '../../../src/keepalived/health/check-machine.js'
import type { Checker } from '../../../src/keepalived/config/tree/checker.js'
import { checkedServices, type CheckedService } from '../../../src/keepalived/health/checked-service.js'
import type { CheckerState } from '../../../src/keepalived/health/checker-state.js'
import { LvsTimeouts } from '../../../src/keepalived/rules/lvs-timeouts.js'
import { RuleWriter } from '../../../src/keepalived/rules/rule-writer.js'
import { recordedHost } from '../config/recorded-host.js'
import { RecordedNetwork } from './recorded-network.js'
import { rulesOf, withoutHead, type Scenario, type ScenarioEvent, type State } from './scenario.js'
import { VirtualRig, type Answer } from './virtual-rig.js'

const makeDirector = await trialDirectorMaker({
  devices: [{ kind: 'raw', name: 'd0' }],
  director: { addresses: ['10.1.2.254/24@d0'], seed: 1 },
  workers: 1,
} as never)

/** A scenario in virtual time: checks on the recorded network, and a director that their rules go to. */
export class Replayed {
  readonly history: State[] = []
  /** Rules that the director refused. */
  readonly refused: string[] = []
  /** What the listings printed that the recording has. */
  readonly shown: string[] = []
  /** Of a check to the next, retries and timeouts among it. */
  longestIntervalMs = 0
  readonly control: Control = localControl(makeDirector())
  /** Of the checks that run now. */
  rig: VirtualRig | undefined
  readonly #scenario: Scenario
  readonly #network = new RecordedNetwork()
  #writer: RuleWriter | undefined
  #timeouts = new LvsTimeouts(this.control)
  #read: ReadConfig | undefined
  #keepsRules = false

  constructor(scenario: Scenario) {
    this.#scenario = scenario
  }

  async play(): Promise<this> {
    await this.#note(0)
    for (const event of this.#scenario.events) {
      await this.#runUntil(event.t * 1000)
      await this.#happen(event)
      await this.#note(event.t * 1000)
    }
    await this.#runUntil(this.#scenario.end * 1000)
    return this
  }

  /** Commands of ipvsadm, on the director. */
  async ipvsadm(line: string): Promise<string> {
    const { out } = await uvsadm(line.split(' ').slice(1), this.control)
    return out
  }

  async #runUntil(untilMs: number): Promise<void> {
    for (;;) {
      const next = this.rig?.nextMs
      if (next === undefined || next > untilMs) break
      this.rig!.run(Math.max(next, this.rig!.nowMs))
      await this.#note(this.rig!.nowMs)
    }
    this.rig?.run(untilMs)
  }

  async #note(atMs: number): Promise<void> {
    await this.#writer?.written()
    const saved = (await this.ipvsadm('ipvsadm -Sn')).replace(/ -x \d+ -y \d+/g, '') // ipvsadm leaves thresholds out
    const rules = rulesOf(saved, withoutHead(await this.ipvsadm('ipvsadm -Ln --nosort')))
    if (rules !== this.history.at(-1)?.rules) this.history.push({ atMs, rules })
  }

  async #happen({ t, do: done = '', show, ready }: ScenarioEvent): Promise<void> {
    if (show !== undefined) this.shown.push(await this.ipvsadm(show))
    else if (ready === 'Startup') await this.#start(t * 1000)
    else if (ready === 'Reload') this.#reload(t)
    else if (ready !== undefined && this.rig) {
      this.rig.isSuspended = ready === 'removed'
      this.rig.machine.addressesChanged(this.rig.nowMs)
    } else if (done.startsWith('start keepalived')) this.#keepsRules = / -I\b/.test(done)
    else if (/^(end: )?kill -(TERM|KILL) /.test(done)) await this.#stop()
    else if (done.startsWith('ipvsadm ')) for (const line of done.split('; ')) await this.ipvsadm(line)
    else if (this.#network.apply(done)) this.rig?.setFile('tf', numberOf(this.#network.file('tf')))
  }

  #configurationAt(t: number): ReadConfig {
    const { text } = this.#scenario.configurations.findLast(one => one.t <= t)!
    return readConfig('ka.conf', { ...recordedHost('ka.conf', { text }), script: () => 'runs' as const })
  }

  async #start(atMs: number): Promise<void> {
    const { name } = this.#scenario
    this.#read = this.#configurationAt(atMs / 1000)
    const writer = new RuleWriter(this.control, (message, change) => {
      this.refused.push(message)
      if (change !== undefined) this.rig?.machine.refused(change)
    })
    this.#writer = writer
    await this.#timeouts.set(this.#read.config!.global.lvsTimeouts)
    const services = checkedServices(this.#read.config!)
    const warmups = this.#warmups(services, atMs)
    const checkers = services.flatMap(({ realServers }) => realServers.flatMap(server => server.checkers))
    this.longestIntervalMs = Math.max(this.longestIntervalMs, ...checkers.map(intervalOf))
    this.rig = new VirtualRig(services, state => this.#answer(state, this.rig?.nowMs ?? atMs), {
      atMs,
      isSuspended: name === 'ha-suspend',
      random: () => warmups.shift() ?? 0,
      change: change => writer.change(change),
    })
  }

  #answer(state: CheckerState, nowMs: number): Answer {
    const { events, scripts = [] } = this.#scenario
    if (state.checker.kind !== 'MISC_CHECK') return withLag(this.#network.check(state), state, nowMs, this.#scenario)
    const ranMs =
      scripts.map(at => at * 1000).find(ms => ms >= nowMs && ms < nowMs + state.checker.delayLoopMs) ?? nowMs
    const then = new RecordedNetwork()
    for (const event of events) if (event.do && event.t * 1000 <= ranMs) then.apply(event.do)
    const { result, tookMs } = then.check(state)
    return { result, tookMs: ranMs - nowMs + tookMs }
  }

  /** The random part of each checker's warm-up: keepalived's first check of its server is recorded. */
  #warmups(services: readonly CheckedService[], atMs: number): number[] {
    return services
      .flatMap(({ realServers }) => realServers)
      .flatMap(server =>
        server.checkers.flatMap(checker => {
          if (!('warmupMs' in checker)) return []
          if (checker.warmupMs === 0 || checker.kind === 'MISC_CHECK') return [0]
          const { address, port } = peerOf(checker, server)
          const first = this.#scenario.checks[`${address}/${port}`]?.find(at => at * 1000 > atMs) ?? 0
          return [Math.min(Math.max((first * 1000 - atMs - START_MS) / checker.warmupMs, 0), 0.999)]
        }),
      )
  }

  /** As the director does: an error that the running configuration has not changes nothing. */
  #reload(t: number): void {
    const read = this.#configurationAt(t)
    if (read.config === undefined || read.status > this.#read!.status) return
    this.#read = read
    this.rig!.machine.reload(checkedServices(read.config), this.rig!.nowMs)
  }

  async #stop(): Promise<void> {
    this.rig?.machine.stop(this.#keepsRules)
    this.rig = undefined
    await this.#timeouts.restore()
  }
}

function intervalOf(checker: Checker): number {
  if (!('delayLoopMs' in checker)) return 0
  const waitMs = 'connectTimeoutMs' in checker ? checker.connectTimeoutMs : 0
  return checker.delayLoopMs + checker.retry * (checker.delayBeforeRetryMs + waitMs)
}

/**
 * How long a check took: on the recording machine up to tens of milliseconds more than its answer did, so that its next check came later
 * or, where time went by otherwise, sooner. Where that is recorded, this one took so long.
 */
function withLag(answer: Answer, state: CheckerState, nowMs: number, { checks }: Scenario): Answer {
  const { checker, server } = state
  const isRetry = !answer.result.isUp && state.isRetriedNext
  const delayMs = isRetry ? checker.delayBeforeRetryMs : checker.delayLoopMs
  if (checker.kind === 'MISC_CHECK' || nowMs < state.firstMs) return answer
  const { address, port } = peerOf(checker, server.options)
  const dueMs = nowMs + answer.tookMs + delayMs
  const offs = (checks[`${address}/${port}`] ?? []).map(at => at * 1000 - dueMs)
  const off = offs.sort((one, other) => Math.abs(one) - Math.abs(other))[0] ?? Infinity
  if (Math.abs(off) > delayMs * 0.4) return answer
  return { ...answer, tookMs: Math.max(1, answer.tookMs + off) }
}
