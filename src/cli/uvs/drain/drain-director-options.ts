import { UsageError } from '../../../director/options.js'
import { CONTROL } from '../../command.js'
import type { Form } from '../../option.js'
import { readOptions } from '../options/read-options.js'
import { DEFAULT_DEADLINE_S, deadlineOf } from './drain-options.js'

/** A request to `uvs drain --director`. */
export interface DirectorDrainOptions {
  cancel: boolean
  deadlineS: number
  json: boolean
  control: string | undefined
}

export const DIRECTOR_FORM: Form = {
  words: [],
  options: [
    {
      flags: ['--director'],
      help: 'the director itself, with --announce: it withdraws its routes, and stops',
      required: true,
    },
    {
      flags: ['--deadline'],
      value: 'TIME',
      help: `how long to wait: 90, 60s, 5m, 1h30m; ${DEFAULT_DEADLINE_S}s unless given`,
    },
    { flags: ['--cancel'], help: 'takes a drain of the director back: it announces again' },
    { flags: ['--json'], help: 'a JSON object a line' },
    CONTROL,
  ],
}

/** Undefined: --director is not given. Pure. UsageError for invalid input. */
export function parseDirectorDrain(args: readonly string[]): DirectorDrainOptions | undefined {
  if (!args.includes('--director')) return undefined
  const given = readOptions({ name: 'drain', forms: [DIRECTOR_FORM] }, args)
  if (given.has('--cancel') && given.has('--deadline')) throw new UsageError('--cancel takes no --deadline')
  return {
    cancel: given.has('--cancel'),
    deadlineS: deadlineOf(given),
    json: given.has('--json'),
    control: given.one('--control'),
  }
}
