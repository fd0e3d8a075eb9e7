import { isIPv6 } from 'node:net'
import type { Timeouts } from '../../conn/timeouts.js'
import type {
  DestinationSettingsInfo,
  MethodName,
  ServiceKey,
  ServiceSettingsInfo,
} from '../../control/protocol/api.js'
import type { Cidr } from '../../wire/addr.js'
import { endpointText } from '../../control/protocol/service-name.js'

/** A real server after all rules. */
export interface LintedServer {
  /** The line that added it, or changed it last. */
  line: number
  address: string
  port: number
  settings: DestinationSettingsInfo
  /** The last weight above 0, which mh uses; 0 if there was none. */
  lastWeight: number
}

/** A virtual service after all rules. */
export interface LintedService {
  line: number
  key: ServiceKey
  settings: ServiceSettingsInfo
  /** Whether -M was given. */
  hasNetmask: boolean
  localAddresses: { line: number; address: string }[]
  servers: LintedServer[]
}

/** Who would answer ARP for an address. */
export interface Answerers {
  /** The host's kernel holds it. */
  readonly isKernels: boolean
  /** The director: it has been given the address, or claims it as a VIP. */
  readonly isDirectors: boolean
}

/** The result of all rules. */
export interface RuleSet {
  services: LintedService[]
  /** The marks that packets are known to get. */
  marks: ReadonlySet<number>
  /** The timeouts after all rules (--set). */
  timeouts: Timeouts
  /** The networks of the director's addresses, if they are known. */
  networks: readonly Cidr[]
  /** Who answers for an IPv4 address; undefined where the director's interfaces are not known. */
  whoAnswers: ((address: string) => Answerers) | undefined
  /** Whether several directors will have them, side by side. */
  isFleet: boolean
  /** Whether the director puts VIPs on an interface for a BGP daemon (--announce); undefined where that is not known. */
  areAnnounced?: boolean
  /** Whether they are lines of a file, which messages name. */
  hasLines: boolean
}

/** An effect of the rules that was probably not intended. `info`: no mistake, but worth knowing. */
export interface Finding {
  line: number
  hazard: string
  severity: 'hazard' | 'info'
  message: string
}

export type Found = Iterable<Omit<Finding, 'hazard' | 'severity'> & Partial<Pick<Finding, 'severity'>>>

/** A hazard found in the rules as a whole. For hazards of single lines see read-rule-set.ts. */
export interface Hazard {
  /** Its name in docs/lint.md. */
  name: string
  /** The severity of its findings; 'hazard' by default. A finding may have its own. */
  severity?: 'info'
  find(rules: RuleSet): Found
}

/** A hazard of a single service, reported at the service's line or a server's. */
export function ofService(
  name: string,
  find: (service: LintedService, rules: RuleSet) => Found,
  severity?: 'info',
): Hazard {
  return {
    name,
    ...(severity && { severity }),
    *find(rules) {
      for (const service of rules.services) yield* find(service, rules)
    },
  }
}

/** `10.0.0.100:80`, `[2001:db8::1]:80`, `mark 7` */
export function keyText(key: ServiceKey): string {
  if ('mark' in key) return `mark ${key.mark}`
  return endpointText(key)
}

/** Where else a rule is: `in line 7` of a file, `for 10.0.0.100:80` of a director. */
export function placeText({ hasLines }: RuleSet, { line, key }: Pick<LintedService, 'line' | 'key'>): string {
  return hasLines ? `in line ${line}` : `for ${keyText(key)}`
}

/** Whether packets can reach the service: IPv6 packets cannot yet. */
export function isServed({ key }: LintedService): boolean {
  return 'mark' in key ? key.family === undefined : !isIPv6(key.address)
}

/** Whether replies come back through the director; with -g and -i the real server sends them directly to the client. */
export function passesDirector(method: MethodName): boolean {
  return method === 'masq' || method === 'fullnat'
}
