import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A recording of keepalived 2.2.7 with a kernel's IPVS, as recorded/README.md says. Times in seconds. */
export interface Scenario {
  readonly name: string
  readonly about: string
  readonly configurations: readonly { t: number; text: string }[]
  /** When each real server was asked. */
  readonly checks: Readonly<Record<string, readonly number[]>>
  /** When scripts of MISC_CHECK ran. */
  readonly scripts?: readonly number[]
  readonly end: number
  readonly events: readonly ScenarioEvent[]
}

export interface ScenarioEvent {
  readonly t: number
  readonly do?: string
  /** `ipvsadm -Sn`, and `ipvsadm -Ln --nosort` without its head and counts. */
  readonly rules?: string
  readonly listed?: string
  /** A listing, and what it printed. */
  readonly show?: string
  readonly output?: string
  readonly ready?: 'Startup' | 'Reload' | 'added' | 'removed'
}

const FILE = join(
  dirname(fileURLToPath(import.meta.url)),
  '../../../../test/keepalived/health/recorded/scenarios.jsonl',
)

export const SCENARIOS = readFileSync(FILE, 'utf8').trim().split('\n').map(line => JSON.parse(line) as Scenario) // prettier-ignore

/** Rules at a time, ms: as saved, and as listed by service, the newest real server first. */
export interface State {
  readonly atMs: number
  readonly rules: string
}

/**
 * Both texts of a moment as one. In which order services are listed hangs on an address in the kernel's memory, so they are sorted; their
 * real servers stay in their order.
 */
export function rulesOf(saved: string, listed: string): string {
  const services = listed.split(/\n(?! )/).filter(text => text !== '')
  return [saved.trimEnd(), ...services.sort()].join('\n').trim()
}

/** The same, with the real servers of each service in the order of their lines. */
export function withSortedServers(rules: string): string {
  return rules
    .replace(/(?:^ {2}.*(?:\n|$))+/gm, servers => `${servers.trimEnd().split('\n').sort().join('\n')}\n`)
    .trimEnd()
}

/** `ipvsadm -Ln` without its head and counts. */
export function withoutHead(listing: string): string {
  return listing
    .split('\n')
    .slice(3)
    .map(line => line.replace(/ +0 +0 *$/, ''))
    .join('\n')
    .trimEnd()
}
