import { UsageError } from '../../director/options.js'
import { messageOf } from '../../linux/error-text.js'
import { helpText, usageLines, type UvsCommand } from './command.js'

/** A command with its arguments. Whatever it throws is one line; status 2 where the command line is wrong, else 1. */
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

/** A line to standard error. */
export function complain(name: string, message: string): void {
  process.stderr.write(`uvs ${name}: ${message}\n`)
}
