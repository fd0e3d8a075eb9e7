import type { Control, Outcome } from '../../control/api.js'
import { Unreachable } from '../../control/client.js'
import { checkOptions } from './command.js'
import { commands } from './commands.js'
import { Refused, UsageError } from './failure.js'
import { type Names, systemNames } from './names.js'
import { readArguments } from './read-arguments.js'

/** ipvsadm's status where the kernel has no IPVS. */
const NO_DIRECTOR = 2

/** uvsadm with its arguments (--control taken out), as ipvsadm would do it. Of the outside world it touches `control` only. */
export async function uvsadm(argv: string[], control: Control, names: Names = systemNames()): Promise<Outcome> {
  try {
    const { command, options } = await readArguments(argv.length > 0 ? argv : ['-L'], commands, names)
    checkOptions(command, options)
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
