import { isIPv6 } from 'node:net'
import type { Timeouts } from '../../conn/timeouts.js'
import type {
  DestinationSettingsInfo,
  MethodName,
  ServiceKey,
  ServiceSettingsInfo,
} from '../../control/protocol/api.js'
import type { Cidr } from '../../wire/addr.js'
import { endpointText } from '../uvsadm/listing/label.js'

/** A real server as the rules leave it. */
export interface LintedServer {
  /** The line that made it, or last changed it. */
  line: number
  address: string
  port: number
  settings: DestinationSettingsInfo
  /** The last weight that was not 0, which mh goes by; 0 where there was none. */
  lastWeight: number
}

/** A virtual service as the rules leave it. */
export interface LintedService {
  line: number
  key: ServiceKey
  settings: ServiceSettingsInfo
  /** The mask was given (-M). */
  hasNetmask: boolean
  localAddresses: { line: number; address: string }[]
  servers: LintedServer[]
}

/** What all rules together make. */
export interface RuleSet {
  services: LintedService[]
  /** Marks that packets are known to get. */
  marks: ReadonlySet<number>
  /** As the rules leave them (--set). */
  timeouts: Timeouts
  /** Of the director's addresses, as far as they are known. */
  networks: readonly Cidr[]
}

/** Something that the rules do and hardly mean. `info`: no mistake, but worth knowing. */
export interface Finding {
  line: number
  hazard: string
  severity: 'hazard' | 'info'
  message: string
}

export type Found = Iterable<Omit<Finding, 'hazard' | 'severity'> & Partial<Pick<Finding, 'severity'>>>

/** A hazard that is seen in the rules as a whole. Those of single lines: read-rule-set.ts. */
export interface Hazard {
  /** As in docs/lint.md. */
  name: string
  /** hazard, unless it says otherwise of itself or of a finding. */
  severity?: 'info'
  find(rules: RuleSet): Found
}

/** A hazard of a service by itself: what is wrong with it, at the service's line or that of a server. */
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

/** Whether packets can meet the service at all: those of IPv6 do not yet. */
export function isServed({ key }: LintedService): boolean {
  return 'mark' in key ? key.family === undefined : !isIPv6(key.address)
}

/** Whether answers come back through the director; with -g and -i the real server sends them to the client itself. */
export function passesDirector(method: MethodName): boolean {
  return method === 'masq' || method === 'fullnat'
}
