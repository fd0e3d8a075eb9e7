import type {
  LintedService,
  Linted,
  Planned,
  RulesWork,
  Taken,
  Wanted,
} from '../../../../control/dashboard/rules-work.js'
import type {
  Answer,
  Control,
  MarkRuleInfo,
  RulesHolder,
  ServiceInfo,
  ServiceKey,
} from '../../../../control/protocol/api.js'
import { HttpRefusal } from '../../../../control/dashboard/answers.js'
import { execute, localControl } from '../../../../control/operations/execute.js'
import { allServices } from '../../../../control/protocol/all-services.js'
import { diff } from '../../../../control/rules/diff.js'
import type { Director } from '../../../../director/director.js'
import type { Cidr } from '../../../../wire/addr.js'
import { refusalText } from '../../../uvsadm/ask.js'
import { systemNames, type Names } from '../../../uvsadm/options/names.js'
import { inListedOrder } from '../../plan-order.js'
import { commandOf, planText } from '../../rules/format-plan.js'
import { badLine, parsedLines } from '../../rules/parsed-rules.js'
import { heldWarnings } from '../../rules/rules-holder.js'
import { ruleLines } from '../../rules/rules-file.js'
import { KeptPlans } from './kept-plans.js'
import { Linter } from './linter.js'
import { findMoved, type MovedOptions } from './moved.js'

export interface DeskOptions extends Pick<MovedOptions, 'schedulers'> {
  /** The director, which is read. */
  control: Control
  makeTrial: () => Director
  marks: () => readonly MarkRuleInfo[]
  networks: readonly Cidr[]
  isFleet: boolean
  areAnnounced: boolean
  holder: RulesHolder | undefined
}

/** What is asked of rules, done in this thread. */
export class RulesDesk implements RulesWork {
  readonly #of: DeskOptions
  readonly #names = withoutHosts(systemNames())
  readonly #plans = new KeptPlans()
  readonly #linter: Linter

  constructor(options: DeskOptions) {
    this.#of = options
    this.#linter = new Linter({ ...options, read: () => this.#services() })
  }

  async plan({ text, isWhole, flows, isKept }: Wanted): Promise<string> {
    const { makeTrial, control, holder } = this.#of
    const current = await this.#services()
    const trial = makeTrial()
    if (!isWhole) for (const { request } of diff([], current).flat()) execute(trial, request)
    await this.#stage(trial, text)
    const desired = must(await allServices(localControl(trial)))
    const groups = diff(current, desired)
    const changes = inListedOrder(groups.flat())
    const commands = changes.map(commandOf)
    const planned: Planned = {
      ...(isKept && { id: this.#plans.keep(current, groups, commands) }),
      text: planText(changes),
      commands,
      changes: changes.length,
      warnings: await heldWarnings(control, holder, changes),
      connections: changes.reduce((sum, { connections }) => sum + connections, 0),
    }
    if (flows > 0) {
      const of = { ...this.#of, marks: this.#of.marks(), current, desired, groups, flows }
      planned.moved = await findMoved({ ...of, sysctls: must(await control.call({ op: 'sysctls' })) })
    }
    return JSON.stringify(planned)
  }

  take(id: string, from: number): Promise<Taken> {
    return this.#plans.take(id, from, () => this.#services())
  }

  lint(): Promise<Linted>
  lint(service: ServiceKey): Promise<LintedService>
  lint(service?: ServiceKey): Promise<Linted | LintedService> {
    return service ? this.#linter.of(service) : this.#linter.all()
  }

  close(): void {}

  async #services(): Promise<ServiceInfo[]> {
    return must(await allServices(this.#of.control))
  }

  async #stage(trial: Director, text: string): Promise<void> {
    try {
      for await (const rule of parsedLines(ruleLines(text, 'the rules,'), this.#names)) {
        const reply = execute(trial, rule.request)
        if (!reply.ok) throw badLine(rule, refusalText(reply, rule.refusals))
      }
    } catch (error) {
      throw new HttpRefusal(400, (error as Error).message)
    }
  }
}

function must<T>(reply: Answer<T>): T {
  if (reply.ok) return reply.value
  throw new HttpRefusal(503, reply.message)
}

/** What is typed in a browser makes the director ask no name server. */
export function withoutHosts(names: Names): Names {
  return {
    portNumber: (name, protocol) => names.portNumber(name, protocol),
    portName: (port, protocol) => names.portName(port, protocol),
    addressOf: async () => undefined,
    hostsOf: async () => new Map(),
  }
}
