import { block, flag, number } from '../arguments.js'
import type { ConfigDraft } from '../draft.js'
import type { Keyword, Parser, Table } from '../parser.js'
import { commandOf, hasDefaultUser, isRefused, isUser, stateOf } from '../script-line.js'
import type { VrrpScript } from '../tree/vrrp.js'
import { weight } from './track-blocks.js'

const seconds = (
  name: 'interval' | 'timeout',
  bad: (text: string, script: VrrpScript) => string,
): Keyword<VrrpScript> =>
  number({
    least: 0,
    most: 4294,
    initial: name === 'interval' ? '1 s' : 'the interval',
    bad,
    takesPrefix: name === 'timeout',
    zero: (_text, script) => `(${script.name}): vrrp script ${name} must be greater than 0, setting to 1`,
    set: (script, value) =>
      void (name === 'interval' ? (script.intervalMs = value * 1000) : (script.timeoutMs = value * 1000)),
  })

const times = (name: 'rise' | 'fall'): Keyword<VrrpScript> =>
  number({
    least: 1,
    most: 2_147_483_647,
    initial: '1',
    bad: (text, script) => `(${script.name}): vrrp script ${name} value '${text}' invalid, defaulting to 1`,
    set: (script, value) => void (script[name] = value),
  })

const SCRIPT_KEYWORDS: Table<VrrpScript> = {
  script: {
    takes: '<COMMAND>',
    takesAll: true,
    read(line, script, parser) {
      const command = commandOf(line, parser)
      if (command === undefined || command.text === '') return
      script.script = { words: command.words, text: command.text }
      if (command.rest.length > 0)
        parser.warn(
          `'${command.rest.join(' ')}' after the script is not passed to it`,
          'put quotes around command and arguments',
        )
    },
  },
  interval: seconds(
    'interval',
    (text, { name }) => `(${name}): vrrp script interval '${text}' must be between 1 and 4294 - ignoring`,
  ),
  timeout: seconds('timeout', (text, { name }) => `(${name}): vrrp script timeout '${text}' invalid - ignoring`),
  weight: weight<VrrpScript>(
    253,
    (text, { name }) => `vrrp_script ${name} weight ${text} must be in [-253, 253]`,
    { takesBad: 'all' },
    (option, { name }) => `vrrp_script ${name} unknown weight option ${option}`,
  ),
  rise: times('rise'),
  fall: times('fall'),
  user: {
    takes: '<USER> [<GROUP>]',
    read(line, script, parser) {
      script.user = parser.needed(line)
      if (line.words[2] !== undefined) script.group = line.words[2]
      if (!isUser(script.user, script.group, parser)) {
        parser.error(
          `Unable to set uid/gid for script '${script.script?.text ?? ''}'`,
          'there is no such user or group',
        )
        script.rise = 0
      }
    },
  },
  init_fail: flag(script => void (script.initFail = true)),
}

export const vrrpScript: Keyword<ConfigDraft> = block<ConfigDraft, VrrpScript>({
  takes: '<NAME>',
  table: SCRIPT_KEYWORDS,
  open(line, { heads }, parser) {
    const name = parser.needed(line)
    const found = { name, intervalMs: 1000, weight: 0, isReverse: false, rise: 1, fall: 1, initFail: false }
    heads.set(found, line.place)
    return found
  },
  close(script, config, parser) {
    if (script.script === undefined) parser.error(`No script set for vrrp_script ${script.name} - removing`)
    else if (hasUser(script, config, parser)) config.scripts.push(script)
  },
})

function hasUser(script: VrrpScript, config: ConfigDraft, parser: Parser): boolean {
  if (script.rise === 0) return false
  if (hasDefaultUser(script.user, config, parser)) return true
  parser.error(`Unable to set default user for vrrp script ${script.name} - removing`)
  return false
}

/** After the whole file: those that cannot run are told and left out, also where they are followed. */
export function checkScripts(config: ConfigDraft, parser: Parser): void {
  for (const found of Array.from(config.scripts)) {
    const state = stateOf(found.script!, parser)
    const at = config.heads.get(found)
    if (state !== 'missing' && !config.runs.has('')) config.runs.set('', at)
    if (state === 'insecure') config.insecure.add('')
    const user = found.user ?? found.script!.user
    const isUnsafe = state === 'directory' || (state === 'insecure' && isRefused(user, config, parser))
    const why = state === 'missing' ? 'since not found/accessible' : isUnsafe ? 'due to insecure' : undefined
    if (why !== undefined || state === 'inert') dropScript(found, config)
    if (why !== undefined) parser.report.add('error', at, `Disabling track script ${found.name} ${why}`, MUST_BE)
    else if (state === 'inert') parser.report.add('warning', at, `vrrp_script ${found.name} is not executable`)
  }
}
function dropScript(script: VrrpScript, config: ConfigDraft): void {
  config.scripts.splice(config.scripts.indexOf(script), 1)
  if (config.scripts.some(({ name }) => name === script.name)) return
  for (const { scripts } of [...config.instances, ...config.syncGroups]) {
    const at = scripts.findIndex(({ name }) => name === script.name)
    if (at >= 0) scripts.splice(at, 1)
  }
}

const MUST_BE = 'the script must exist, be executable, and be writable by root alone, directories above it too'
