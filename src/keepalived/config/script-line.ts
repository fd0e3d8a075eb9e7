import type { ConfigDraft } from './draft.js'
import type { LogicalLine } from './lines/logical-lines.js'
import type { Keyword, Parser } from './parser.js'
import { shellWords } from './shell-words.js'
import type { ScriptFound } from './surroundings.js'
import type { Script } from './tree/scripts.js'

/** Which process would run it: decides the words of the security message. */
export type RunBy = '' | 'check ' | 'start/shutdown '

/**
 * The command on a line: its first word as a shell has words, which is split into program and arguments in the same way once more. What
 * follows is user and group. Undefined: there is none, or a quote is not closed, which is told.
 */
export function commandOf(
  line: LogicalLine,
  parser: Parser,
): { words: string[]; text: string; rest: string[] } | undefined {
  const keyword = line.text.search(/[ \t\r]/)
  const [text, ...rest] = keyword < 0 ? [] : (shellWords(line.text, keyword, parser) ?? [])
  const words = text === undefined ? undefined : shellWords(text, 0, parser)
  return text !== undefined && words !== undefined ? { words, text, rest } : undefined
}

/** A redirection such as `</dev/tcp/A/P` is the shell's. */
export function stateOf(script: Script, parser: Parser): ScriptFound {
  const program = script.words[0] ?? ''
  return /^[<>|&]/.test(program) ? 'runs' : parser.surroundings.script(program)
}

/** `notify_master "CMD args" [USER [GROUP]]`. A command that is missing, or a user, drops it: keepalived says nothing, uvs warns. */
export function script<T>(of: {
  readonly by: RunBy
  readonly none?: string
  /** Said of an empty command, or a user that there is none of; without it, that is a warning. */
  readonly invalid?: string
  draft(target: T): ConfigDraft
  /** Whose script it is, in messages. */
  name?(target: T): string
  has?(target: T): boolean
  set(target: T, script: Script): void
}): Keyword<T> {
  return {
    takes: '<COMMAND> [<USER>] [<GROUP>]',
    takesAll: true,
    read(line, target, parser) {
      if (line.words.length < 2 && of.none !== undefined) parser.error(of.none)
      else if (line.words.length < 2 && !/["']/.test(line.text)) parser.needed(line)
      const command = commandOf(line, parser)
      if (command === undefined) return
      if (command.words.length === 0 && of.invalid === undefined) {
        parser.warn(`${line.words[0]} has an empty command`, 'nothing will be run')
        return
      }
      if (of.has?.(target)) {
        const name = of.name?.(target) ?? '(null)'
        parser.error(`(${name}) ${line.words[0]} script already specified - ignoring ${command.text}`)
        return
      }
      const [user, group] = command.rest
      if (of.invalid !== undefined && (command.text === '' || (user !== undefined && !isUser(user, group, parser)))) {
        parser.error(of.invalid, 'write COMMAND [USER [GROUP]]')
        return
      }
      const found = withUser(command, parser)
      if (found === undefined) return
      if (!hasDefaultUser(found.user, of.draft(target), parser)) {
        if (of.invalid !== undefined) parser.error(of.invalid)
        return
      }
      if (!noteScript(found, of.by, of.draft(target), parser, 'it will not be run')) return
      of.set(target, found)
    },
  }
}

/**
 * Counts a script for the security message, and warns of one that will not run: keepalived says nothing. Returns whether
 * enable_script_security lets it run.
 */
export function noteScript(
  script: Script,
  by: RunBy,
  config: ConfigDraft,
  parser: Parser,
  consequence: string,
): boolean {
  const state = stateOf(script, parser)
  if (parser.place) config.heads.set(script, parser.place)
  if (state !== 'missing' && !config.runs.has(by)) config.runs.set(by, parser.place)
  if (state === 'insecure') config.insecure.add(by)
  if (state === 'insecure') {
    const isForbidden = isRefused(script.user, config, parser)
    if (isForbidden) parser.warn(...unsafe(script))
    return !isForbidden
  }
  if (state !== 'runs') parser.warn(`'${script.words[0]}' ${WHY[state]}: ${consequence}`)
  return true
}

/**
 * Whether enable_script_security forbids a script that others than root may write: it would run as root. `user` is whom the
 * configuration names; else it is script_user, else the user keepalived_script if there is one, else root.
 */
export function isRefused(user: string | undefined, { global }: ConfigDraft, parser: Parser): boolean {
  if (!global.enableScriptSecurity) return false
  const byDefault = parser.surroundings.hasUser('keepalived_script') ? 'keepalived_script' : 'root'
  const runsAs = user ?? global.scriptUser ?? byDefault
  return runsAs === 'root' || runsAs === '0'
}

/** What is said of such a script, and what helps. */
export function unsafe({ words }: Script): [text: string, help: string] {
  return [
    `Unsafe permissions found for script '${words[0]}' - disabling.`,
    'it and the directories above it must be writable by root alone, or it must run as another user',
  ]
}

const WHY = {
  missing: 'does not exist',
  directory: 'is no file',
  inert: 'is not executable',
}

/**
 * With enable_script_security a script needs a user of its own, script_user, or the user keepalived_script. After a script_user that there
 * is none of it needs its own: keepalived leaves others out without a word.
 */
export function hasDefaultUser(
  user: string | undefined,
  { global, hasNoScriptUser }: ConfigDraft,
  parser: Parser,
): boolean {
  if (hasNoScriptUser && user === undefined) {
    parser.warn('a script without a user of its own is left out', 'script_user in global_defs has failed')
    return false
  }
  const isGiven = user !== undefined || global.scriptUser !== undefined || !global.enableScriptSecurity
  if (isGiven || parser.surroundings.hasUser('keepalived_script')) return true
  parser.error('Unable to set default user keepalived_script for script', 'add script_user, or make that user')
  return false
}

/** With its user and group; undefined: there is no such user, and that is told. */
export function withUser(
  { words, text, rest: [user, group] }: { words: string[]; text: string; rest: readonly string[] },
  parser: Parser,
): Script | undefined {
  const script = { words, text, ...(user !== undefined && { user }), ...(group !== undefined && { group }) }
  if (user === undefined || isUser(user, group, parser)) return script
  parser.warn(
    `there is no user '${user}'${group === undefined ? '' : ` or no group '${group}'`}: '${text}' will not be run`,
  )
  return undefined
}

export function isUser(user: string, group: string | undefined, { surroundings }: Parser): boolean {
  return surroundings.hasUser(user) && (group === undefined || surroundings.hasGroup(group))
}
