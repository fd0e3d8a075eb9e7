import type { Control, Outcome } from '../../../control/protocol/api.js'
import { connectControl, isDenied } from '../../../control/socket/client.js'
import { UsageError } from '../../../director/usage-error.js'
import { messageOf } from '../../../linux/error-text.js'
import { AS_JSON, CONTROL, defaultControl, print } from '../../command.js'
import type { Form, Option } from '../../option.js'
import { pipeScreen, terminalScreen } from '../../uvsadm/listing/screen.js'
import { titleOf, watch } from '../../uvsadm/listing/watch.js'
import { WATCH_LEAST, WATCH_MOST } from '../../watch-limits.js'
import type { Given } from '../options/read-options.js'

const WATCH: Option = {
  flags: ['--watch'],
  value: '[SECONDS]',
  otherwise: '2',
  help: `again and again until q; ${WATCH_LEAST} to ${WATCH_MOST}, 2 unless given`,
}

/** The form of a list that may be watched. */
export const WATCHED_FORM: Form = { words: [], options: [WATCH, AS_JSON, CONTROL] }

/**
 * Shows a list once, or with --watch until it is stopped, in as many columns as the terminal has: failures too, for the director may come
 * back. Throws what asking again does not change.
 */
export async function showWatched(
  name: string,
  given: Given,
  list: (control: Control, columns?: number) => Promise<Outcome>,
): Promise<number> {
  const every = secondsOf(given)
  const control = connectControl(given.one('--control') ?? defaultControl())
  try {
    if (every === undefined) return print(await list(control))
    const title = titleOf(every, `uvs ${name}`)
    const { stdout } = process
    const columns = (): number | undefined => (stdout.isTTY ? stdout.columns || 80 : undefined)
    const screen = stdout.isTTY ? terminalScreen(title) : pipeScreen(title)
    return await watch(every, () => list(control, columns()).catch(error => failed(name, error)), screen)
  } finally {
    control.close()
  }
}

/** UsageError for an interval that there is not, or together with --json. */
function secondsOf(given: Given): number | undefined {
  const text = given.one('--watch')
  if (text === undefined) return undefined
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN
  if (!(seconds >= WATCH_LEAST && seconds <= WATCH_MOST))
    throw new UsageError(`--watch '${text}': ${WATCH_LEAST} to ${WATCH_MOST} seconds`)
  if (given.has('--json')) throw new UsageError('--watch does not go with --json')
  return seconds
}

function failed(name: string, error: unknown): Outcome {
  if (isDenied(error)) throw error
  return { status: 1, out: '', err: `uvs ${name}: ${messageOf(error)}\n` }
}
