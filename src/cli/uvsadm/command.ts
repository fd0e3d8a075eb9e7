import type { Control, OperationName, Request } from '../../control/protocol/api.js'
import { ask, type RefusalTexts } from './ask.js'
import { CommandLineError } from './failure.js'
import type { Names } from './options/names.js'
import { OPTION_ORDER, type OptionName, type Options } from './options/option-names.js'

/** Text for standard output: as a whole, or in pieces if it may be large. */
export type Output = string | AsyncIterable<string>

export interface Command<A = unknown> {
  /** The name in ipvsadm's messages; not always its long flag. */
  name: string
  flags: readonly string[]
  usage: string
  help: string
  /** The required options. */
  needs: readonly OptionName[]
  /** The optional options; any other is refused. */
  takes: readonly OptionName[]
  /** Options that exclude each other. */
  conflicts?: readonly (readonly [OptionName, OptionName])[]
  /** Runs whatever comes after it: -h and -v. */
  immediate?: true
  /** The placeholder for its value in the help; undefined: it has no value. */
  value?: string
  /** Checks its value at once, before later options are read. UsageError if it is wrong. */
  readValue?(text: string): unknown
  /** Takes its own words off the front of `words`, the arguments that belong to no option. By default none. */
  readWords?(words: string[], options: Options): void
  /** Pure: builds the request from the options, or throws a UsageError. checkOptions has checked them. */
  parse(options: Options): A
  run(control: Control, args: A, names: Names): Promise<Output>
}

/** A command that makes one request to the director, prints nothing, and can be a line of a rules file. */
export interface Change<O extends OperationName = OperationName> extends Command<Request<O>> {
  refusals: RefusalTexts
}

export function change<O extends OperationName>(command: Omit<Change<O>, 'run'>): Change<O> {
  return {
    ...command,
    async run(control, request) {
      await ask(control, request, command.refusals)
      return ''
    },
  }
}

export function isChange(command: Command): command is Change {
  return 'refusals' in command
}

/** Throws ipvsadm's error about the first missing or misplaced option, in ipvsadm's order. */
export function checkOptions(command: Command, options: Options): void {
  for (const name of OPTION_ORDER) {
    const given = options[name] !== undefined
    const needed = command.needs.includes(name)
    if (needed && !given)
      throw new CommandLineError(`You need to supply the '${name}' option for the '${command.name}' command`)
    if (given && !needed && !command.takes.includes(name))
      throw new CommandLineError(`Illegal '${name}' option with the '${command.name}' command`)
    for (const [one, other] of command.conflicts ?? [])
      if (given && name === one && options[other])
        throw new CommandLineError(
          `The option '${one}' conflicts with the '${other}' option in the '${command.name}' command`,
        )
  }
}
