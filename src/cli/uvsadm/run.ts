import { Readable } from 'node:stream'
import type { Control, Outcome, Request } from '../../control/api.js'
import { Unreachable } from '../../control/client.js'
import { type Change, checkOptions, isChange } from './command.js'
import { commands } from './commands.js'
import { Refused, UsageError } from './failure.js'
import { type Names, systemNames } from './names.js'
import { restoreLines } from './restore-lines.js'
import { restore } from './restore.js'
import { readArguments } from './read-arguments.js'

/** What a line of a rules file asks for. UsageError of ipvsadm's for any other line, and for a command that changes nothing. */
export async function parseRule(
  words: readonly string[],
  names: Names = systemNames(),
): Promise<Change & { request: Request }> {
  const { command, options } = await readArguments(words, commands, names)
  if (!isChange(command)) throw new UsageError(`'${words[0]}' sets nothing: it is no rule`)
  checkOptions(command, options)
  return { ...command, request: command.parse(options) }
}

/** ipvsadm's status where the kernel has no IPVS. */
const NO_DIRECTOR = 2

/** uvsadm with its arguments (--control taken out), as ipvsadm would do it. Of the outside world it touches `control`, and with -R `input`, only. */
export async function uvsadm(
  argv: string[],
  control: Control,
  names: Names = systemNames(),
  input: AsyncIterable<string | Buffer> = Readable.from([]),
): Promise<Outcome> {
  try {
    const { command, options } = await readArguments(argv.length > 0 ? argv : ['-L'], commands, names)
    checkOptions(command, options)
    if (command === restore) return await restoreLines(input, control, names)
    return { status: 0, out: await command.run(control, command.parse(options), names), err: '' }
  } catch (error) {
    if (error instanceof UsageError || error instanceof Refused) return failed(error.status, error.message)
    if (error instanceof Unreachable) return failed(NO_DIRECTOR, error.message)
    throw error
  }
}

function failed(status: number, message: string): Outcome {
  return { status, out: '', err: `${message}\n` }
}
