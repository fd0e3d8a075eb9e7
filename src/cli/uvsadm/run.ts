import { Readable } from 'node:stream'
import type { Control, Outcome, Request } from '../../control/protocol/api.js'
import { Unreachable } from '../../control/socket/client.js'
import { type Change, checkOptions, isChange, type Output } from './command.js'
import { commands } from './commands/commands.js'
import { RefusedByDirector, CommandLineError } from './failure.js'
import { type Names, systemNames } from './options/names.js'
import { restoreLines } from './restore-lines.js'
import { restore } from './commands/restore.js'
import type { Options } from './options/option-names.js'
import { readArguments } from './options/read-arguments.js'

/** Parses a line of a rules file. UsageError as ipvsadm's for an invalid line, and for a command that changes nothing. */
export async function parseRule(
  words: readonly string[],
  names: Names = systemNames(),
): Promise<{ command: Change; request: Request; options: Options }> {
  const { command, options } = await readArguments(words, commands, names)
  if (!isChange(command)) throw new CommandLineError(`'${words[0]}' sets nothing: it is no rule`)
  checkOptions(command, options)
  return { command, request: command.parse(options), options }
}

/** ipvsadm's exit status if the kernel has no IPVS. */
const NO_DIRECTOR = 2

/**
 * Runs uvsadm with its arguments (without --control), as ipvsadm would. It has no effects except by `control` and, with
 * -R, by reading `input`.
 */
export async function uvsadm(
  argv: string[],
  control: Control,
  names: Names = systemNames(),
  input: AsyncIterable<string | Buffer> = Readable.from([]),
): Promise<Outcome> {
  try {
    const { every, restores, run } = await ready(argv, names)
    if (restores) return await restoreLines(input, control, names)
    if (every !== undefined)
      throw new CommandLineError("the 'watch' option goes on until it is stopped: not in a script")
    return await outcome(() => run(control))
  } catch (error) {
    return failure(error)
  }
}

/** A parsed and valid command line. */
export interface Ready {
  /** The seconds of --watch, if given. */
  every: number | undefined
  /** Whether it is -R, which restoreLines carries out. */
  restores: boolean
  run(control: Control): Promise<Output>
}

/** Parses the command line. UsageError as ipvsadm's if it is invalid. */
export async function ready(argv: string[], names: Names = systemNames()): Promise<Ready> {
  const { command, options } = await readArguments(argv.length > 0 ? argv : ['-L'], commands, names)
  checkOptions(command, options)
  const args = command.parse(options)
  return { every: options.watch, restores: command === restore, run: control => command.run(control, args, names) }
}

/** The visible part of an outcome. */
export interface Shown extends Outcome {
  /** Whether there is more of `out`, of unknown length. */
  isCut?: true
}

/** The result of `work`: its text, up to `lines` lines, or ipvsadm's message, and its exit status. Throws what `isThrown`. */
export async function outcome(
  work: () => Promise<Output>,
  lines = Infinity,
  isThrown: (error: unknown) => boolean = () => false,
): Promise<Shown> {
  try {
    return { status: 0, ...(await firstLines(await work(), lines)), err: '' }
  } catch (error) {
    if (isThrown(error)) throw error
    return failure(error)
  }
}

/** Rethrows errors that are neither the user's nor the director's. */
export function failure(error: unknown): Outcome {
  if (error instanceof CommandLineError || error instanceof RefusedByDirector)
    return failed(error.status, error.message)
  if (error instanceof Unreachable) return failed(NO_DIRECTOR, error.message)
  throw error
}

function failed(status: number, message: string): Outcome {
  return { status, out: '', err: `${message}\n` }
}

/** Joins pieces until there are at least this many lines; requests no more pieces than needed. */
async function firstLines(output: Output, lines: number): Promise<Pick<Shown, 'out' | 'isCut'>> {
  if (typeof output === 'string') return { out: output }
  let out = ''
  let missing = lines
  for await (const piece of output) {
    if (missing <= 0) return { out, isCut: true }
    out += piece
    missing -= piece.split('\n').length - 1
  }
  return { out }
}
