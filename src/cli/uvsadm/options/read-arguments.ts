import type { Command } from '../command.js'
import { tryHelp, CommandLineError } from '../failure.js'
import type { Names } from './names.js'
import type { Options } from './option-names.js'
import { OPTIONS, type OptionSpec } from './options.js'
import { popt, type Token } from './popt.js'
import { schedFlagsOf } from './targets.js'

/* The order in which ipvsadm checks its arguments, which decides which of two mistakes is reported:
 * 1. the first option must be a command               → "Try `uvsadm -h'…", 255 (our --json and --watch: -L)
 * 2. each option in turn: known? given twice? its value right?
 * 3. the command's own words, of --set only           → "--set option requires 3 timeout values", …
 * 4. arguments that belong to nothing                 → "unexpected argument …"
 * 5. does -b go with -s?                              → "incompatible scheduler flag …"
 * What a command needs and takes comes after that: checkOptions. */

export interface Arguments {
  command: Command
  options: Options
}

const optionsByFlag = new Map(OPTIONS.flatMap(spec => spec.flags.map(flag => [flag, spec] as const)))

export async function readArguments(
  argv: readonly string[],
  commands: readonly Command[],
  names: Names,
): Promise<Arguments> {
  const byFlag = commandsByFlag(commands)
  const options: Options = {}
  const extra: string[] = []
  let command: Command | undefined
  for (const token of popt(argv, flag => takesValue(flag, command, byFlag))) {
    if (token.kind === 'argument') extra.push(token.text)
    else if (command || leads(token)) await readOption(token, command, options, byFlag, names)
    else {
      if (argv.length === 1 && token.kind === 'option' && NEEDY.includes(token.flag)) tryHelp()
      const first = firstOption(token, byFlag)
      command = first ?? commandLeft(options, byFlag)
      if (!first) await readOption(token, command, options, byFlag, names)
    }
    if (command?.immediate) return { command, options }
  }
  command ??= commandLeft(options, byFlag)
  command.readWords?.(extra, options)
  if (extra.length > 0) throw new CommandLineError(`unexpected argument ${extra[0]}`)
  schedFlagsOf(options)
  return { command, options }
}

/** Cached for the last list: rules come by the thousand. */
let known: { commands: readonly Command[]; byFlag: Map<string, Command> } | undefined

function commandsByFlag(commands: readonly Command[]): Map<string, Command> {
  if (known?.commands !== commands)
    known = { commands, byFlag: new Map(commands.flatMap(command => command.flags.map(flag => [flag, command]))) }
  return known.byFlag
}

/** DPVS's letters. With other commands, and where they need options of their own, they are unknown, as they are to ipvsadm. */
const DPVS_COMMANDS = ['-P', '-Q', '-G']
const NEEDY = ['-P', '-Q']
/** Theirs alone. */
const DPVS_OPTIONS = ['-F', '--ifname']

function optionOf(flag: string, command: Command | undefined): OptionSpec | undefined {
  const isFullnat = flag === '-b' && command?.takes.includes('forwarding-method') // else --sched-flags
  if (DPVS_OPTIONS.includes(flag) && !DPVS_COMMANDS.includes(command?.flags[0] ?? '')) return undefined
  return optionsByFlag.get(isFullnat ? '--fullnat' : flag)
}

function takesValue(
  flag: string,
  command: Command | undefined,
  commands: Map<string, Command>,
): boolean | 'optional' | undefined {
  if (command && DPVS_COMMANDS.includes(flag)) return undefined
  const option = optionOf(flag, command)
  if (option) return option.otherwise === undefined ? option.value !== undefined : 'optional'
  const known = commands.get(flag)
  return known && known.value !== undefined
}

function firstOption(token: Token, commands: Map<string, Command>): Command | undefined {
  if (token.kind !== 'option') return undefined
  const command = commands.get(token.flag)
  command?.readValue?.(token.value ?? '')
  return command
}

/** Whether the option may come before the command. */
function leads(token: Token): boolean {
  return token.kind === 'option' && optionsByFlag.get(token.flag)?.leads === true
}

/** The default command: -L, if only options that may lead were read, and at least one. */
function commandLeft(led: Options, commands: Map<string, Command>): Command {
  return (Object.keys(led).length > 0 && commands.get('-L')) || tryHelp()
}

async function readOption(
  token: Exclude<Token, { kind: 'argument' }>,
  command: Command | undefined,
  options: Options,
  commands: Map<string, Command>,
  names: Names,
): Promise<void> {
  if (token.kind === 'problem') throw new CommandLineError(`${token.text}: ${token.problem}`, 255, true)
  const { text, flag } = token
  if (commands.has(flag)) throw new CommandLineError(`invalid option \`${text}'`)
  const option = optionOf(flag, command)
  if (!option) throw new CommandLineError(`${text}: unknown option`, 255, true)
  option.change?.(options)
  if (!option.name) return
  if (options[option.name] !== undefined) throw new CommandLineError(`multiple '${option.name}' options specified`)
  const value = token.value ?? option.otherwise ?? ''
  Reflect.set(options, option.name, await option.read?.(value, names, options))
}
