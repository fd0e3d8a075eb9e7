import type { Control, Outcome } from '../../control/api.js'
import { connectControl, Unreachable } from '../../control/client.js'
import { UsageError } from '../../director/options.js'
import { print, takeControl } from '../command.js'
import { readRules } from './rules-file.js'
import { stageRules, TransactionRefused } from './rules-transaction.js'

/** Text for a person, or an object for a program. */
export interface Answered {
  text: string
  json: object
}

/** Runs `uvs NAME FILE [--json]`: reads the rules, stages them, and lets `act` finish the transaction. */
export async function onRules(
  name: string,
  usage: string,
  args: string[],
  act: (control: Control) => Promise<Answered>,
): Promise<number> {
  const { path, rest } = takeControl(args)
  const isJson = rest.includes('--json')
  const [file, ...more] = rest.filter(word => word !== '--json')
  const odd = [file, ...more].find(word => word !== '-' && word?.startsWith('-'))
  if (odd !== undefined) return print(failed(name, 2, `'${odd}': there is no such option (uvs ${name} --help)`))
  if (path === undefined || file === undefined || more.length > 0)
    return print({ status: 2, out: '', err: `usage: uvs ${usage}\n` })
  const control = connectControl(path)
  try {
    await stageRules(control, readRules(file))
    const { text, json } = await act(control)
    return print({ status: 0, out: isJson ? `${JSON.stringify({ version: 1, ...json })}\n` : text, err: '' })
  } catch (error) {
    if (error instanceof UsageError) return print(failed(name, 2, error.message))
    if (error instanceof TransactionRefused || error instanceof Unreachable)
      return print(failed(name, 1, error.message))
    throw error
  } finally {
    control.close()
  }
}

function failed(name: string, status: number, message: string): Outcome {
  return { status, out: '', err: `uvs ${name}: ${message}\n` }
}
