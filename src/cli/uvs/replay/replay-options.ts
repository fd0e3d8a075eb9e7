import { UsageError } from '../../../director/options.js'
import type { Form } from '../../option.js'
import { splitScript } from '../rules/script.js'
import { readOptions } from '../options/read-options.js'
import { readMoment } from './moment.js'
import { simulatedDirector, type SimulatedDirector } from './simulated-director.js'
import { CAPTURE, SIMULATED_OPTIONS } from './simulated-options.js'

/** A line of `uvs script`, to be run so many ms after the first frame. */
export interface TimedLine {
  ms: number
  words: string[]
}

/** What `uvs replay` was asked for. */
export interface ReplayCommand extends SimulatedDirector {
  in: string
  out: string | undefined
  json: string | undefined
  at: TimedLine[]
}

export const REPLAY_FORM: Form = {
  words: [],
  options: [
    CAPTURE,
    { flags: ['--out'], value: 'FILE', is: 'file', help: 'what came in and what was sent, as pcapng, with comments' },
    { flags: ['--json'], value: 'FILE', is: 'file', help: 'a line of JSON for each frame that came in' },
    {
      flags: ['--at'],
      value: "TIME 'LINE'",
      help: 'a line of uvs script, so long after the first frame: 90s, 1.5s, 250ms, 1h30m',
      repeatable: true,
    },
    ...SIMULATED_OPTIONS,
  ],
}

/** Parses the arguments. Pure. UsageError for what is wrong. */
export function parseReplayOptions(args: readonly string[]): ReplayCommand {
  const given = readOptions({ name: 'replay', forms: [REPLAY_FORM] }, joinTimes(args))
  return {
    ...simulatedDirector(given),
    in: given.one('--in')!,
    out: given.one('--out'),
    json: given.one('--json'),
    at: given
      .all('--at')
      .map(readAt)
      .toSorted((a, b) => a.ms - b.ms),
  }
}

/** `--at TIME LINE` is two words on the command line, and one value here. */
function joinTimes(args: readonly string[]): string[] {
  const joined: string[] = []
  for (let i = 0; i < args.length; i++) {
    const [word = '', next] = [args[i], args[i + 1]]
    const time = joined.at(-1) === '--at' ? word : /^--at=(.*)$/.exec(word)?.[1]
    const isAlone = time !== undefined && /^\S+$/.test(time) && next !== undefined && !next.startsWith('--')
    joined.push(isAlone ? `${word} ${next}` : word)
    if (isAlone) i++
  }
  return joined
}

function readAt(text: string): TimedLine {
  const [, time = '', line = ''] = /^(\S+)\s*([\s\S]*)$/.exec(text) ?? []
  const ms = readMoment(time)
  if (ms === undefined) throw new UsageError(`--at: '${time}' is no time: 90s, 1.5s, 250ms, 1h30m`)
  const [words, more] = splitScript(line)
  if (!words || more)
    throw new UsageError(`--at: '${text}' is not TIME and a line, such as 5s 'uvsadm -d -t 10.0.0.1:80 -r 10.0.1.1'`)
  return { ms, words }
}
