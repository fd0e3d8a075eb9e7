import { type ConfigDraft, newDraft } from './draft.js'
import { finishInstances } from './finish/instances.js'
import { finishSyncGroups } from './finish/sync-groups.js'
import { finishVirtualServers } from './finish/virtual-servers.js'
import { checkScripts } from './keywords/vrrp-script.js'
import { type Reader, topLevel } from './keywords/top-level.js'
import { type LogicalLine, logicalLines } from './lines/logical-lines.js'
import { Parser } from './parser.js'
import { FatalLine, type Message, Report } from './report.js'
import type { Surroundings } from './surroundings.js'
import type { KeepalivedConfig } from './tree/config.js'

export interface ReadConfig {
  /** Absent after a line that ends the reading. */
  readonly config?: KeepalivedConfig
  readonly messages: readonly Message[]
  /** The exit status of `keepalived -t`: 0, 2, 5 or 6. */
  readonly status: number
}

/**
 * Reads a configuration file as keepalived 2.2 does: each of its processes' blocks in a pass of its own over the same lines, then what
 * only the whole shows. Throws nothing for what the file says. What is missing or a directory is an empty configuration, with a note.
 */
export function readConfig(file: string, surroundings: Surroundings): ReadConfig {
  const report = new Report()
  const found = surroundings.read(file)
  if (found.kind === 'missing') report.add('note', undefined, `Config files missing '${file}'.`)
  if (found.kind === 'directory')
    report.add('note', undefined, `Configuration file '${file}' is a directory - skipping`)
  const lines = logicalLines(file, found.kind === 'file' ? found.text : '', surroundings, report)
  try {
    const checker = pass('checker', lines, surroundings, report)
    const virtualServers = finishVirtualServers(checker.draft, report)
    const vrrp = pass('vrrp', lines, surroundings, report)
    const config = finishVrrp(vrrp, report)
    pass('bfd', lines, surroundings, report)
    // Without its interfaces keepalived's VRRP process does not come to its scripts.
    const runs = new Set([...checker.draft.runs, ...(isStopped(vrrp.draft) ? [] : vrrp.draft.runs)])
    const insecure = new Set([...checker.draft.insecure, ...vrrp.draft.insecure])
    checkSecurity(runs, insecure, vrrp.draft, report)
    warnOfStrict(vrrp.draft, config.instances, report)
    const { virtualServerGroups } = checker.draft
    const { namespace } = vrrp.draft
    if (namespace !== undefined && !surroundings.hasNamespace(namespace)) report.nothingIsChecked(namespace)
    return {
      config: { ...config, virtualServerGroups, virtualServers },
      messages: report.messages,
      status: report.status(),
    }
  } catch (error) {
    if (!(error instanceof FatalLine)) throw error
    return { messages: report.messages, status: report.status() }
  }
}

interface Pass {
  readonly draft: ConfigDraft
  readonly parser: Parser
}

function pass(reader: Reader, lines: readonly LogicalLine[], surroundings: Surroundings, report: Report): Pass {
  const parser = new Parser(lines, surroundings, report)
  const draft = newDraft()
  parser.parse(topLevel(reader), draft)
  return { draft, parser }
}

function finishVrrp(
  { draft, parser }: Pass,
  report: Report,
): Omit<KeepalivedConfig, 'virtualServers' | 'virtualServerGroups'> {
  checkScripts(draft, parser)
  const groupOf = new Map<string, string>()
  const syncGroups = finishSyncGroups(draft, groupOf, report)
  const instances = finishInstances(draft, groupOf, report)
  if (isStopped(draft))
    report.add(
      'error',
      undefined,
      'Non-existent interface specified in configuration',
      'write dynamic_interfaces in global_defs if it comes later',
    )
  const { global, staticAddresses, staticRoutes, staticRules, scripts, trackFiles, trackProcesses } = draft
  return {
    global,
    staticAddresses,
    staticRoutes,
    staticRules,
    scripts,
    trackFiles,
    trackProcesses,
    syncGroups,
    instances,
  }
}

function isStopped({ interfaceIsMissing, global }: ConfigDraft): boolean {
  return interfaceIsMissing && global.dynamicInterfaces === 'no'
}

function checkSecurity(
  runs: ReadonlySet<string>,
  insecure: ReadonlySet<string>,
  { global }: ConfigDraft,
  report: Report,
): void {
  if (global.enableScriptSecurity) return
  for (const by of runs)
    report.add(
      'security',
      undefined,
      `SECURITY VIOLATION - ${by}scripts are being executed but script_security not enabled.${insecure.has(by) ? ' There are insecure scripts.' : ''}`,
      'write enable_script_security in global_defs, and script_user',
    )
}

/** The classic of tutorials: with vrrp_strict the VIP answers nothing, not even a ping. */
function warnOfStrict(draft: ConfigDraft, instances: KeepalivedConfig['instances'], report: Report): void {
  const deaf = instances.filter(({ isStrict, accept, addresses }) => isStrict && !accept && addresses.length > 0)
  if (deaf.length === 0) return
  const names = deaf.map(({ name }) => name).join(', ')
  const help = deaf.every(({ version }) => version === 3)
    ? 'leave it out, or write accept in the instance'
    : 'leave it out, or write version 3 and accept'
  report.add(
    'warning',
    draft.strictAt,
    `vrrp_strict: keepalived drops what is sent to the addresses of ${names}: no ping, no connection`,
    help,
  )
}
