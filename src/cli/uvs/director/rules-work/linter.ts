import type { Linted, LintedService } from '../../../../control/dashboard/rules-work.js'
import type { Control, MarkRuleInfo, ServiceInfo, ServiceKey } from '../../../../control/protocol/api.js'
import { Timeouts } from '../../../../conn/timeouts.js'
import { Shares } from '../../../../control/rules/shares.js'
import type { Cidr } from '../../../../wire/addr.js'
import { keyText } from '../../../lint/hazard.js'
import { lintServices, type LiveFinding } from '../../../lint/live-rules.js'

/** What is found stays so long, in ms; and it is looked for at most a twentieth of the time. */
const FRESH_MS = 2000
const SHARE = 20
/** Services with hazards, and findings of one service, that are told. */
const SERVICES_MAX = 500
const FINDINGS_MAX = 100

interface LinterOf {
  control: Control
  read: () => Promise<ServiceInfo[]>
  marks: () => readonly MarkRuleInfo[]
  networks: readonly Cidr[]
  isFleet: boolean
  areAnnounced: boolean
}
interface Look {
  at: number
  all: readonly LiveFinding[]
  byService: ReadonlyMap<string, LiveFinding[]>
}

/** What lint says of a director's rules. */
export class Linter {
  readonly #of: LinterOf
  #look: Promise<Look> | undefined
  #staleAt = Infinity

  constructor(of: LinterOf) {
    this.#of = of
  }

  async all(): Promise<Linted> {
    const { at, all, byService } = await this.#fresh()
    const hazards = all.filter(isHazard).length
    const services = [...byService.values()]
      .map(findings => ({ service: findings[0]!.service, hazards: findings.filter(isHazard).length }))
      .filter(({ hazards: some }) => some > 0)
    const [some, withHazards] = [services.slice(0, SERVICES_MAX), services.length]
    return { at, hazards, infos: all.length - hazards, services: some, withHazards }
  }

  async of(service: ServiceKey): Promise<LintedService> {
    const { at, byService } = await this.#fresh()
    const found = byService.get(nameOf(service)) ?? []
    const findings = found
      .slice(0, FINDINGS_MAX)
      .map(({ hazard, severity, message }) => ({ hazard, severity, message }))
    return { at, findings, more: found.length - findings.length }
  }

  #fresh(): Promise<Look> {
    if (this.#look && performance.now() < this.#staleAt) return this.#look
    this.#staleAt = Infinity
    const look = this.#lookAnew()
    look.catch(() => (this.#staleAt = 0))
    this.#look = look
    return look
  }

  async #lookAnew(): Promise<Look> {
    const began = performance.now()
    const at = Date.now()
    const { control, read, marks, networks, isFleet, areAnnounced } = this.#of
    const timeouts = new Timeouts()
    const reply = await control.call<'timeouts'>({ op: 'timeouts' })
    if (reply.ok) timeouts.set(reply.value.tcp, reply.value.tcpfin, reply.value.udp)
    const known = new Set(marks().map(({ mark }) => mark))
    const all: LiveFinding[] = []
    const shares = new Shares()
    const around = { timeouts, networks, isFleet, areAnnounced, marks: known }
    for (const found of lintServices(await read(), around)) {
      for (const finding of found) all.push(finding)
      // Who carries out a plan meanwhile does not wait for all of it.
      if (shares.isOver) await shares.next()
    }
    const byService = new Map<string, LiveFinding[]>()
    for (const finding of all) {
      const name = nameOf(finding.service)
      const same = byService.get(name)
      if (same) same.push(finding)
      else byService.set(name, [finding])
    }
    const now = performance.now()
    this.#staleAt = now + Math.max(FRESH_MS, SHARE * (now - began))
    return { at, all, byService }
  }
}

function isHazard({ severity }: LiveFinding): boolean {
  return severity === 'hazard'
}
function nameOf(service: ServiceKey): string {
  return 'mark' in service ? `${keyText(service)} ${service.family ?? 4}` : `${service.protocol} ${keyText(service)}`
}
