import { type ConfigDraft, newDraft } from './draft.js'
import { checkSecurity } from './finish/security.js'
import { finishInstances } from './finish/instances.js'
import { settleScripts } from './finish/scripts.js'
import { finishSyncGroups } from './finish/sync-groups.js'
import { finishVirtualServers } from './finish/virtual-servers.js'
import { checkScripts } from './keywords/vrrp-script.js'
import { type Reader, topLevel } from './keywords/top-level.js'
import { type LogicalLine, logicalLines } from './lines/logical-lines.js'
import { Parser } from './parser.js'
import { FatalLine, type Message, type Place, Report } from './report.js'
import type { Found, Surroundings } from './surroundings.js'
import type { KeepalivedConfig } from './tree/config.js'

export interface ReadConfig {
  /** Why there was nothing to read. keepalived takes such a file for an empty one. */
  readonly unread?: string
  /** Absent after a line that ends the reading; the message about it is a warning where the network namespace is missing. */
  readonly config?: KeepalivedConfig
  /** Where each begins, by its name; of one name, the last. */
  readonly places?: {
    readonly virtualServers: ReadonlyMap<string, Place>
    readonly instances: ReadonlyMap<string, Place>
  }
  readonly messages: readonly Message[]
  /** The exit status of `keepalived -t`: 0, 2, 5 or 6. */
  readonly status: number
}

function whyNothing(found: Exclude<Found, { kind: 'file' }>): string {
  return found.kind === 'directory' ? 'it is a directory' : (found.why ?? 'there is no such file')
}

/**
 * Reads a configuration file as keepalived 2.2 does: each of its processes' blocks in a pass of its own over the same lines, then what
 * only the whole shows. Throws nothing for what the file says. What is missing or a directory is an empty configuration, with a note.
 */
export function readConfig(file: string, surroundings: Surroundings): ReadConfig {
  const report = new Report()
  const found = surroundings.read(file)
  if (found.kind === 'missing') report.add('note', undefined, `Config files missing '${file}'.`, found.why)
  if (found.kind === 'directory')
    report.add('note', undefined, `Configuration file '${file}' is a directory - skipping`)
  const nothing = found.kind === 'file' ? {} : { unread: whyNothing(found) }
  const lines = logicalLines(file, found.kind === 'file' ? found.text : '', surroundings, report)
  let parent: ConfigDraft | undefined
  try {
    const { draft, parser } = pass('parent', newDraft(), lines, surroundings, report)
    parent = draft
    settleScripts(draft, parser)
    const drafted = (): ConfigDraft => ({
      ...newDraft(),
      global: draft.global,
      hasNoScriptUser: draft.hasNoScriptUser,
    })
    const checker = pass('checker', drafted(), lines, surroundings, report)
    const virtualServers = finishVirtualServers(checker.draft, report)
    const vrrp = pass('vrrp', drafted(), lines, surroundings, report)
    const config = finishVrrp(vrrp, report)
    pass('bfd', drafted(), lines, surroundings, report)
    const isVrrpReached = vrrp.draft.instances.length > 0 && !isStopped(vrrp.draft)
    checkSecurity('start/shutdown ', [draft], report)
    if (virtualServers.length > 0) checkSecurity('check ', [draft, checker.draft], report)
    if (isVrrpReached) checkSecurity('', [draft, vrrp.draft], report)
    warnOfStrict(draft.strictAt ?? vrrp.draft.strictAt, config.instances, report)
    const { virtualServerGroups } = checker.draft
    lookForNamespace(parent, surroundings, report)
    return {
      ...nothing,
      config: { ...config, virtualServerGroups, virtualServers },
      places: {
        virtualServers: placesOf(virtualServers, checker.draft),
        instances: placesOf(vrrp.draft.instances, vrrp.draft),
      },
      messages: report.messages,
      status: report.status(),
    }
  } catch (error) {
    if (!(error instanceof FatalLine)) throw error
    lookForNamespace(parent, surroundings, report)
    return { ...nothing, messages: report.messages, status: report.status() }
  }
}

/** keepalived leaves for its network namespace before it looks at more than the parent's blocks. */
function lookForNamespace(parent: ConfigDraft | undefined, { hasNamespace }: Surroundings, report: Report): void {
  const { namespace, namespaceAt } = parent ?? {}
  if (namespace !== undefined && !hasNamespace(namespace)) report.nothingIsChecked(namespace, namespaceAt)
}

interface Pass {
  readonly draft: ConfigDraft
  readonly parser: Parser
}

function pass(
  reader: Reader,
  draft: ConfigDraft,
  lines: readonly LogicalLine[],
  surroundings: Surroundings,
  report: Report,
): Pass {
  const parser = new Parser(lines, surroundings, report)
  parser.parse(topLevel(reader), draft)
  return { draft, parser }
}

function finishVrrp(
  { draft, parser }: Pass,
  report: Report,
): Omit<KeepalivedConfig, 'virtualServers' | 'virtualServerGroups'> {
  if (draft.instances.length > 0) checkScripts(draft, parser)
  const groupOf = new Map<string, string>()
  const syncGroups = finishSyncGroups(draft, groupOf, report)
  const instances = finishInstances(draft, groupOf, report)
  if (isStopped(draft))
    report.add(
      'error',
      draft.missingInterfaceAt,
      'Non-existent interface specified in configuration',
      'write dynamic_interfaces in global_defs if it comes later',
    )
  const { global, staticAddresses, staticRoutes, staticRules, scripts, trackFiles, trackProcesses } = draft
  const { garpGroups, linkDelays } = draft
  return {
    global,
    staticAddresses,
    staticRoutes,
    staticRules,
    scripts,
    trackFiles,
    trackProcesses,
    garpGroups,
    linkDelays,
    syncGroups,
    instances,
  }
}

function placesOf(blocks: readonly { name: string }[], { heads }: ConfigDraft): Map<string, Place> {
  return new Map(blocks.map(block => [block.name, heads.get(block)!]))
}

function isStopped({ missingInterfaceAt, global }: ConfigDraft): boolean {
  return missingInterfaceAt !== undefined && global.dynamicInterfaces === 'no'
}

/** The classic of tutorials: with vrrp_strict the VIP answers nothing, not even a ping. */
function warnOfStrict(strictAt: Place | undefined, instances: KeepalivedConfig['instances'], report: Report): void {
  const deaf = instances.filter(({ isStrict, accept, addresses }) => isStrict && !accept && addresses.length > 0)
  if (deaf.length === 0) return
  const names = deaf.map(({ name }) => name).join(', ')
  const help = deaf.every(({ version }) => version === 3)
    ? 'leave it out, or write accept in the instance'
    : 'leave it out, or write version 3 and accept'
  report.add(
    'warning',
    strictAt,
    `vrrp_strict: keepalived drops what is sent to the addresses of ${names}: no ping, no connection`,
    help,
  )
}
