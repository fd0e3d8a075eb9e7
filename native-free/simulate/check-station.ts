import type { Control } from '../../src/control/protocol/api.js'
import type { KeepalivedConfig } from '../../src/keepalived/config/tree/config.js'
import type { CheckResult } from '../../src/keepalived/checkers/check-result.js'
import type { Action, Change } from '../../src/keepalived/health/action.js'
import { CheckMachine } from '../../src/keepalived/health/check-machine.js'
import type { CheckerState } from '../../src/keepalived/health/checker-state.js'
import { checkedServices } from '../../src/keepalived/health/checked-service.js'
import { RuleWriter } from '../../src/keepalived/rules/rule-writer.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import type { DirectorStation } from './director-station.js'
import type { Ground } from './ground.js'
import type { RealServerStation } from './real-server-station.js'

/** Checks that a simulated real server can answer: whether a program takes connections, or the host is there. */
export const SIMULATED_CHECKS: readonly string[] = ['TCP_CHECK', 'HTTP_GET', 'SSL_GET', 'SMTP_CHECK', 'PING_CHECK']

/** A director's health checks: the machine of src/keepalived/health decides; what a check finds is what the network is like then. */
export class CheckStation {
  readonly #station: DirectorStation
  readonly #ground: Ground
  readonly #servers: readonly RealServerStation[]
  readonly #machine: CheckMachine
  readonly #writer: RuleWriter
  #wakesAtMs = Infinity
  /** Changes of its rules are under way. */
  isWriting = false

  constructor(
    config: KeepalivedConfig,
    part: number,
    station: DirectorStation,
    servers: readonly RealServerStation[],
    control: Control,
    ground: Ground,
  ) {
    this.#station = station
    this.#servers = servers
    this.#ground = ground
    const random = ground.random(part)
    this.#writer = new RuleWriter(control, message => this.#tell(`a rule is refused: ${message}`))
    this.#machine = new CheckMachine({
      services: checkedServices(config),
      settings: config.global,
      act: action => this.#act(action),
      begin: checker => this.#begin(checker),
      abandon: () => {},
      random: () => random.unit(),
      fileValue: () => 0,
      isSuspended: () => false,
    })
  }

  async start(): Promise<void> {
    this.#do(now => this.#machine.start(now))
    await this.written()
  }
  /** What its checks have changed is in the rules. */
  async written(): Promise<void> {
    await this.#writer.written()
    this.isWriting = false
    this.#station.settle()
  }
  #change(change: Change): void {
    this.isWriting = true
    this.#writer.change(change)
  }

  /** Of a director that is down nothing is done before it is up again. */
  #do(work: (nowMs: number) => void): void {
    if (!this.#station.isUp) return this.#ground.events.after(AGAIN_MS, () => this.#do(work))
    work(this.#ground.events.nowMs)
    const next = this.#machine.nextMs ?? Infinity
    if (next >= this.#wakesAtMs) return
    this.#wakesAtMs = next
    this.#ground.events.at(next, () => {
      this.#wakesAtMs = Infinity
      this.#do(now => this.#machine.advance(now))
    })
  }

  #begin(checker: CheckerState): void {
    const { afterMs, result } = this.#found(checker)
    this.#ground.events.after(afterMs, () => this.#do(now => this.#machine.ended(checker, result, now)))
  }

  #found({ checker, server }: CheckerState): { afterMs: number; result: CheckResult } {
    const asked = 'connectIp' in checker ? checker.connectIp : undefined
    const addr = parseIpv4(asked ?? server.options.address)
    const found = this.#servers.find(({ plan }) => plan.addr === addr)
    const { wires } = this.#ground
    const isReached = found?.isThere && this.#station.isUp && !wires.isCut(this.#station.name, found.name)
    if (!isReached) return { afterMs: checker.kind === 'MISC_CHECK' ? 0 : checker.connectTimeoutMs, result: TIMEOUT }
    const afterMs = wires.roundTripMs(this.#station.name, found.name)
    return { afterMs, result: found.isUp || checker.kind === 'PING_CHECK' ? { isUp: true } : REFUSED }
  }

  #act(action: Action): void {
    switch (action.kind) {
      case 'add-server':
      case 'remove-server':
      case 'edit-server': {
        const { address, port } = action.server
        const how = { 'add-server': 'put in', 'remove-server': 'taken out', 'edit-server': 'changed' }[action.kind]
        const weight = action.kind === 'remove-server' ? '' : `, weight ${action.weight}`
        this.#tell(`${address}:${port} of ${action.service.name} is ${how}${weight}`)
        return this.#change(action)
      }
      case 'add-service':
      case 'edit-service':
      case 'remove-service':
        return this.#change(action)
      default:
    }
  }
  #tell(text: string): void {
    this.#ground.ledger.event(this.#ground.events.nowMs, 'check', `${this.#station.name}: ${text}`, true)
  }
}

const AGAIN_MS = 1000
const TIMEOUT: CheckResult = { isUp: false, why: 'connection timed out' }
const REFUSED: CheckResult = { isUp: false, why: 'connection refused' }
