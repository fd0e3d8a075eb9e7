import type { Control } from '../../../control/protocol/api.js'
import { UsageError } from '../../../director/options.js'
import { readConfig, type ReadConfig } from '../../../keepalived/config/read-config.js'
import { formatMessage, type Place } from '../../../keepalived/config/report.js'
import type { Surroundings } from '../../../keepalived/config/surroundings.js'
import type { Checker } from '../../../keepalived/config/tree/checker.js'
import type { KeepalivedConfig } from '../../../keepalived/config/tree/config.js'
import { checkedServices, type CheckedService } from '../../../keepalived/health/checked-service.js'
import { type RefusedRule, triedRules } from '../../../keepalived/rules/rule-writer.js'
import { hostSurroundings } from '../keepalived/host-surroundings.js'
import type { Given } from './director-interfaces.js'
import { notDone } from './keepalived-limits.js'
import { refusedInstance, sameMacs } from './virtual-addresses.js'

/** Which file, and what it is read for. */
export interface ReadBy {
  readonly file: string
  /** Interfaces of the director: for the configuration they are there. */
  readonly interfaces: readonly string[]
  /** The kernel holds the addresses of one of them, so that its sockets reach what is there. */
  readonly hasKernel: boolean
  /** The options that say which of them uvs holds alone, and what it answers for. */
  readonly given: Given
  /** A director without rules that handles no frames. */
  readonly makeTrial: () => Control
}

/** What is to be told of a file. */
export interface Complaint {
  /** Without its place: a line that moved is the same complaint. */
  readonly text: string
  /** With file, line and help. */
  readonly line: string
  readonly isError: boolean
}

/** A configuration that can be run, and what is to be told of it. */
export interface ReadFile {
  readonly config: KeepalivedConfig
  readonly services: readonly CheckedService[]
  readonly complaints: readonly Complaint[]
  /** What was read, includes too. */
  readonly files: readonly ConfigFile[]
}

export interface ConfigFile {
  readonly name: string
  readonly text: string
}

/** What is said of one file and was not said of the other. */
export function newComplaints(read: ReadFile, before: ReadFile): Complaint[] {
  const said = new Set(before.complaints.map(({ text }) => text))
  return read.complaints.filter(({ text }) => !said.has(text))
}

/** Of a file that is no configuration, more fill the log and help nobody. */
const MOST_TOLD = 100
/** Characters of the files. */
const MOST_KEPT = 256 * 1024

/** Tells each, up to a hundred, and how many more there are. */
export function tellComplaints(complaints: readonly Complaint[], file: string, tell: (line: string) => void): void {
  for (const { line } of complaints.slice(0, MOST_TOLD)) tell(line)
  const more = complaints.length - MOST_TOLD
  if (more > 0) tell(`and ${more} more: uvs keepalived check --json ${file}`)
}

/** Why a reload of such a file changes nothing: the first error that the running one has not. undefined: nothing is in its way. */
export function whyNotReloaded(file: string, read: ReadFile, running: ReadFile): string | undefined {
  const [first, ...more] = newComplaints(read, running).filter(({ isError }) => isError)
  if (first === undefined) return undefined
  return more.length === 0 ? first.line : `${first.line} (and ${more.length} more: uvs keepalived check ${file})`
}

/**
 * Reads a keepalived.conf. What keepalived would complain of and run nevertheless is a complaint here too. UsageError: it cannot be run, or
 * the director would refuse one of its rules.
 */
export async function readKeepalived({ file, interfaces, hasKernel, given, makeTrial }: ReadBy): Promise<ReadFile> {
  const files: ConfigFile[] = []
  const read: ReadConfig = readConfig(file, keeping(hostSurroundings({ interfaces }), files))
  const { config, places, unread } = read
  // keepalived takes it for an empty one: a file that is gone would take all services with it.
  if (unread !== undefined) throw new UsageError(`--keepalived: '${file}': ${unread}`)
  const found = read.messages.map(message => ({
    text: message.text,
    line: formatMessage(message),
    isError: message.severity === 'error' || message.severity === 'security',
  }))
  if (config === undefined) throw new UsageError(`--keepalived: ${found.at(-1)?.line ?? file}`)
  const services = checkedServices(config)
  const refused = refusedChecks(services, hasKernel, interfaces) ?? (await triedRules(services, makeTrial()))
  const instance = refusedInstance(config, given)
  const placed = (place: Place | undefined): string => (place ? `${place.file}:${place.line}` : file)
  if (instance) {
    const at = placed(places?.instances.get(instance.instance))
    throw new UsageError(`--keepalived: ${at}: vrrp_instance ${instance.instance}: ${instance.why}`)
  }
  if (refused) {
    const at = placed(places?.virtualServers.get(refused.service))
    throw new UsageError(`--keepalived: ${at}: virtual server ${refused.service}: ${refused.why}`)
  }
  const ours = [...notDone(config), ...sameMacs(config, given)]
  const complaints = [...found, ...ours.map(line => ({ text: line, line, isError: false }))]
  return { config, services, complaints, files }
}

/** Keeps what is read, up to what a page can show. */
function keeping(of: Surroundings, files: ConfigFile[]): Surroundings {
  let left = MOST_KEPT
  return {
    ...of,
    read(path) {
      const found = of.read(path)
      if (found.kind === 'file' && left > 0 && files.every(({ name }) => name !== path)) {
        const text = found.text.slice(0, left)
        files.push({ name: path, text })
        left -= text.length
      }
      return found
    },
  }
}

/** A check that needs the kernel's sockets, where the kernel has no address: of which virtual server, and why. */
function refusedChecks(
  services: readonly CheckedService[],
  hasKernel: boolean,
  interfaces: readonly string[],
): RefusedRule | undefined {
  if (hasKernel) return undefined
  for (const { name, realServers } of services) {
    const asking = realServers.flatMap(({ checkers }) => checkers).find(isOfSockets)
    const whose = `${interfaces.join(', ')} is uvs's alone`
    if (asking)
      return { service: name, why: `${asking.kind} needs an interface whose addresses the kernel holds: ${whose}` }
  }
  return undefined
}

function isOfSockets({ kind }: Checker): boolean {
  return kind !== 'MISC_CHECK' && kind !== 'FILE_CHECK' && kind !== 'BFD_CHECK'
}
