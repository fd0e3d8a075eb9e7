import { UsageError } from '../../director/usage-error.js'
import { messageOf } from '../../linux/error-text.js'
import { helpText, usageLines, type UvsCommand } from './command.js'

/** Runs a command with its arguments. Reports what it throws in one line; status 2 for a wrong command line, else 1. */
export async function runUvs(command: UvsCommand, args: string[]): Promise<number> {
  try {
    if (args[0] === '--help' || args[0] === '-h') {
      process.stdout.write(`${usageLines(command).join('\n')}\n\n${helpText(command)}\n`)
      return 0
    }
    return await command.run(args)
  } catch (error) {
    complain(command.name, messageOf(error))
    return error instanceof UsageError ? 2 : 1
  }
}

/** Writes a line to standard error. What was typed, or stood in a file, and would steer a terminal is shown as such. */
export function complain(name: string, message: string): void {
  process.stderr.write(`uvs ${name}: ${message.replace(/[^\P{Cc}\n\t]|\p{Bidi_C}/gu, '\ufffd')}\n`)
}
