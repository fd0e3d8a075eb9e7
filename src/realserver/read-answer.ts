import { fieldsOf, textOf, wholeOf } from './checked.js'
import type { Answer } from './daemon.js'
import { parse, readDecapsulatorOptions } from './read-state.js'

/** Reads the daemon's answer. Throws a line about the first entry that is malformed. */
export function readAnswer(text: string): Answer {
  const { options, counters, refused } = fieldsOf(parse(text), 'the answer', ['options', 'counters', 'refused'])
  const answer: Answer = {
    options: readDecapsulatorOptions(options, 'options'),
    counters: readCounters(counters),
  }
  if (refused !== undefined) answer.refused = readRefused(refused)
  return answer
}

function readCounters(value: unknown): Record<string, number> {
  const counters = fieldsOf(value, 'counters', Object.keys(Object(value)))
  return Object.fromEntries(
    Object.entries(counters).map(([name, count]) => [
      textOf(name, 'counters', "a counter's name", text => /^[a-z][a-z0-9-]*$/.test(text)),
      wholeOf(count, `counters.${name}`, 0, Number.MAX_SAFE_INTEGER),
    ]),
  )
}

function readRefused(value: unknown): Answer['refused'] {
  const { options, error } = fieldsOf(value, 'refused', ['options', 'error'])
  return {
    options: options === undefined ? undefined : readDecapsulatorOptions(options, 'refused.options'),
    error: textOf(error, 'refused.error', 'a text', () => true),
  }
}
