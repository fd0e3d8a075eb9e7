import type { Control, OperationName, Request } from '../../control/protocol/api.js'
import { ask, type RefusalTexts } from './ask.js'
import { CommandLineError } from './failure.js'
import type { Names } from './options/names.js'
import { OPTION_ORDER, type OptionName, type Options } from './options/option-names.js'

/** What goes to standard output: as a whole, or in pieces where it may be large. */
export type Output = string | AsyncIterable<string>

export interface Command<A = unknown> {
  /** As ipvsadm names it in its messages; not always its long flag. */
  name: string
  flags: readonly string[]
  usage: string
  help: string
  /** Options that it cannot do without. */
  needs: readonly OptionName[]
  /** Options that it can do with; any other is refused. */
  takes: readonly OptionName[]
  /** Options that it does not take together. */
  conflicts?: readonly (readonly [OptionName, OptionName])[]
  /** Runs whatever follows it: -h and -v. */
  immediate?: true
  /** Stands for its value in the help; undefined: it takes none. */
  value?: string
  /** Looks at its value at once, before the options behind it are. UsageError if it is wrong. */
  readValue?(text: string): unknown
  /** Takes what is its own off the front of `words`, the arguments that belong to no option. Without it: nothing is. */
  readWords?(words: string[], options: Options): void
  /** Pure: what the options ask for, or a UsageError. They have been through checkOptions. */
  parse(options: Options): A
  run(control: Control, args: A, names: Names): Promise<Output>
}

/** A command that asks one thing of the director, prints nothing, and can be a line of a rules file. */
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

/** Throws ipvsadm's complaint about the first option, in its order, that is missing or out of place. */
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
