import type { Control, DestinationParams, Request, ServiceKey } from '../../control/protocol/api.js'
import { localControl } from '../../control/operations/execute.js'
import type { Director } from '../../director/director.js'
import { schedulers } from '../../sched/index.js'
import type { Cidr } from '../../wire/addr.js'
import { granted } from '../uvsadm/ask.js'
import type { Change } from '../uvsadm/command.js'
import { RefusedByDirector, CommandLineError } from '../uvsadm/failure.js'
import { endpointText } from '../../control/protocol/service-name.js'
import type { Names } from '../uvsadm/options/names.js'
import type { Options } from '../uvsadm/options/option-names.js'
import { parseRule } from '../uvsadm/run.js'
import { notAHost, TAKE_ANOTHER } from './address-hazards.js'
import { sharedWithServer, sharedWithVip } from './fullnat-hazards.js'
import { type Finding, keyText, type LintedServer, type LintedService, type RuleSet } from './hazard.js'
import { UnreadLines } from './unread-lines.js'

/** A line of a rules file. */
export interface RuleLine {
  line: number
  words: readonly string[]
}

/** Hazards of a single line, also of a line that is refused because of earlier ones. */
export const LINE_HAZARDS = [
  'not-a-rule',
  'refused',
  'duplicate',
  'edit-line',
  'delete-line',
  'port-replaced',
  'threshold-order',
  'scheduler-flags',
  'local-address-is-vip',
  'local-address-is-real-server',
  'not-a-host',
  'uvs-only',
] as const
type LineHazard = (typeof LINE_HAZARDS)[number]

const NO_MARKS: ReadonlySet<number> = new Set()

type Rule = { command: Change; request: Request; options: Options }

/** Reads rules one after another into a director without traffic: this director decides which lines are refused. */
export class RuleSetReader {
  readonly findings: Finding[] = []
  readonly #unread = new UnreadLines(this.findings)
  readonly #services = new Map<string, LintedService>()
  /** Services that could not be added: refusals that follow from this are not reported. */
  readonly #missing = new Set<string>()
  readonly #names: Names
  readonly #director: Director
  readonly #control: Control
  readonly #networks: readonly Cidr[]
  readonly #whoAnswers: RuleSet['whoAnswers']

  /** `director`: a new one, with the addresses of `networks`. `whoAnswers`: as in a RuleSet. */
  constructor(names: Names, director: Director, networks: readonly Cidr[], whoAnswers?: RuleSet['whoAnswers']) {
    this.#names = names
    this.#director = director
    this.#control = localControl(director)
    this.#networks = networks
    this.#whoAnswers = whoAnswers
  }

  /** The rule set of the lines so far. */
  ruleSet(marks: ReadonlySet<number>, { isFleet = false, areAnnounced = false } = {}): RuleSet {
    const { timeouts } = this.#director.conns
    const services = [...this.#services.values()]
    return {
      services,
      marks,
      timeouts,
      networks: this.#networks,
      whoAnswers: this.#whoAnswers,
      isFleet,
      areAnnounced,
      hasLines: true,
    }
  }

  async read({ line, words }: RuleLine): Promise<void> {
    let rule: Rule
    try {
      rule = await parseRule(words, this.#names)
    } catch (error) {
      if (!(error instanceof CommandLineError)) throw error
      return this.#notRead(line, words, error.message)
    }
    const { request } = rule
    this.#look(line, rule)
    try {
      granted(await this.#control.call(request), rule.command.refusals)
    } catch (error) {
      if (!(error instanceof RefusedByDirector)) throw error
      return this.#refused(line, request, error.message)
    }
    this.#apply(line, rule)
    const scheduler = schedulerOf(request)
    if (scheduler !== undefined && !schedulers.has(scheduler))
      this.#found(
        line,
        'uvs-only',
        `-s ${scheduler} is a scheduler of your own: ipvsadm -R does not take this line`,
        'info',
      )
  }

  #found(line: number, hazard: LineHazard, message: string, severity: Finding['severity'] = 'hazard'): void {
    this.findings.push({ line, hazard, severity, message })
  }

  #notRead(line: number, words: readonly string[], said: string): void {
    if (said.startsWith('incompatible scheduler flag'))
      return this.#found(line, 'scheduler-flags', `${said}: -b has flags of another scheduler than -s`)
    const hint = /(^|\/)(ipvs|uvs)adm$/.test(words[0] ?? '')
      ? `: a rules file has the options only, without ${words[0]}`
      : ''
    this.#unread.found(line, words[0] ?? '', said, hint)
  }

  /** Hazards of a line, whether or not the director accepts it. */
  #look(line: number, { request, options, command: { flags } }: Rule): void {
    const own = uvsOwn(request)
    if (own) this.#found(line, 'uvs-only', `${own} is uvs's: ipvsadm -R does not take this line`, 'info')
    if (/^(edit|set)-|^zero$/.test(request.op))
      this.#found(
        line,
        'edit-line',
        request.op === 'set-timeouts'
          ? '--set in a rules file changes the timeouts of all connections, those of other files among them; set them once, where the director is started'
          : `${flags[0]} in a rules file changes what other lines made${request.op === 'zero' ? '' : ', and resets what it does not give'}; write those lines as they should be`,
      )
    if (/^(delete-|flush$)/.test(request.op))
      this.#found(
        line,
        'delete-line',
        `${flags[0]} in a rules file takes away what there is; leave out the lines that made it`,
      )
    if (request.op === 'add-destination' || request.op === 'edit-destination') {
      const [port, taken] = [options['real-server']?.port ?? 0, request.destination.port]
      if (port !== taken)
        this.#found(
          line,
          'port-replaced',
          `-r …:${port} with ${request.settings.method === 'tunnel' ? '-i' : '-g'}: the port is replaced by the service's, ${taken}, without a word; write :${taken}, or use -m`,
        )
    }
  }

  /** Reports a line that the director refused, with the reason if it is known. */
  #refused(line: number, request: Request, words: string): void {
    const key = 'service' in request && request.service ? request.service : undefined
    if (request.op === 'add-service' && !words.includes('already')) this.#missing.add(idOf(request.service))
    const service = key && this.#services.get(idOf(key))
    if (key && !service && this.#missing.has(idOf(key)) && request.op !== 'add-service') return
    const [hazard, message] = explainRefusal(request, service, this.ruleSet(NO_MARKS)) ?? ['refused', undefined]
    this.#found(line, hazard, message ? `refused, "${words}": ${message}` : `"${words}"; ipvsadm -R goes on without it`)
  }

  /** Applies an accepted line to the model of the director's rules. */
  #apply(line: number, { request, options }: Rule): void {
    switch (request.op) {
      case 'add-service':
      case 'edit-service': {
        const id = idOf(request.service)
        const { localAddresses = [], servers = [] } = this.#services.get(id) ?? {}
        const hasNetmask = options.netmask !== undefined
        const { service: key, settings } = request
        this.#services.set(id, { line, key, settings, hasNetmask, localAddresses, servers })
        return
      }
      case 'delete-service':
        return void this.#services.delete(idOf(request.service))
      case 'flush':
        return this.#services.clear()
      case 'add-destination':
      case 'edit-destination':
        return putServer(this.#services.get(idOf(request.service))!.servers, line, request)
      case 'delete-destination': {
        const { servers } = this.#services.get(idOf(request.service))!
        servers.splice(servers.indexOf(findServer(servers, request.destination)!), 1)
        return
      }
      case 'add-local-address':
        this.#services.get(idOf(request.service))!.localAddresses.push({ line, address: request.address })
        return
      case 'delete-local-address': {
        const service = this.#services.get(idOf(request.service))!
        service.localAddresses = service.localAddresses.filter(({ address }) => address !== request.address)
      }
    }
  }
}

function idOf(key: ServiceKey): string {
  return JSON.stringify(key)
}

function findServer(
  servers: LintedServer[],
  { address, port }: DestinationParams['destination'],
): LintedServer | undefined {
  return servers.find(server => server.address === address && server.port === port)
}

function putServer(servers: LintedServer[], line: number, { destination, settings }: DestinationParams): void {
  const before = findServer(servers, destination)
  const lastWeight = settings.weight || (before?.lastWeight ?? 0)
  const server = { line, ...destination, settings, lastWeight }
  if (before) Object.assign(before, server)
  else servers.push(server)
}

/** The part of a line that ipvsadm does not know. */
function uvsOwn(request: Request): string | undefined {
  if (request.op === 'add-local-address') return '--add-laddr'
  if (request.op === 'delete-local-address') return '--del-laddr'
  if (!('settings' in request)) return undefined
  if ('method' in request.settings) return request.settings.method === 'fullnat' ? '-b, FULLNAT,' : undefined
  const { clientAddress } = request.settings
  if (clientAddress === undefined || clientAddress === 'none') return undefined
  return clientAddress === 'toa' ? '--toa' : '--proxy-protocol'
}

/** The settings that an -A or -E requests. */
function schedulerOf(request: Request): string | undefined {
  return request.op === 'add-service' || request.op === 'edit-service' ? request.settings.scheduler : undefined
}

function explainRefusal(
  request: Request,
  service: LintedService | undefined,
  { services, networks }: RuleSet,
): [LineHazard, string] | undefined {
  const scheduler = schedulerOf(request)
  if (scheduler !== undefined && !schedulers.has(scheduler) && (!service || request.op === 'edit-service'))
    return [
      'refused',
      `-s ${scheduler} is no built-in scheduler; if it is one of your own, give lint --scheduler FILE, as uvs director has it`,
    ]
  if (!service) return undefined
  switch (request.op) {
    case 'add-service':
      return ['duplicate', `${keyText(service.key)} is in line ${service.line} already; leave one of the two out`]
    case 'add-destination':
    case 'edit-destination': {
      const { upperThreshold: upper, lowerThreshold: lower } = request.settings
      if (lower > upper)
        return [
          'threshold-order',
          upper === 0 ? `-y ${lower} without -x` : `-y ${lower} is above -x ${upper}; swap them`,
        ]
      const { address, port } = request.destination
      const same = findServer(service.servers, request.destination)
      if (same)
        return [
          'duplicate',
          `${endpointText({ address, port })} is in line ${same.line} already; leave one of the two out`,
        ]
      if (service.localAddresses.some(local => local.address === address))
        return ['local-address-is-real-server', sharedWithServer(address)]
      return noHost(address, networks)
    }
    case 'add-local-address': {
      const { address } = request
      const same = service.localAddresses.find(local => local.address === address)
      if (same) return ['duplicate', `${address} is in line ${same.line} already; leave one of the two out`]
      if (services.some(({ key }) => !('mark' in key) && key.address === address))
        return ['local-address-is-vip', sharedWithVip(address)]
      if (service.servers.some(server => server.address === address))
        return ['local-address-is-real-server', sharedWithServer(address)]
      return noHost(address, networks)
    }
  }
  return undefined
}

function noHost(address: string, networks: readonly Cidr[]): [LineHazard, string] | undefined {
  const found = notAHost(address, networks)
  return found && ['not-a-host', `${address} is ${found.why}; ${TAKE_ANOTHER}`]
}
