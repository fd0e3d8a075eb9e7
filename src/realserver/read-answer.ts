import { fieldsOf, listOf, textOf, wholeOf, wrong } from './checked.js'
import type { Answer } from './daemon.js'
import { isDeviceName } from './devices.js'
import type { ProgramState } from './ingress-program.js'
import { parse, readDecapsulatorOptions } from './read-state.js'

/** Reads the daemon's answer. Throws a line about the first entry that is malformed. */
export function readAnswer(text: string): Answer {
  const { options, counters, program, refused } = fieldsOf(parse(text), 'the answer', [
    'options',
    'counters',
    'program',
    'refused',
  ])
  const answer: Answer = {
    options: readDecapsulatorOptions(options, 'options'),
    counters: readCounters(counters),
  }
  if (program !== undefined) answer.program = readProgram(program)
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

function readProgram(value: unknown): ProgramState {
  const { on, why } = fieldsOf(value, 'program', ['on', 'why'])
  return {
    on: listOf(on, 'program.on', (item, where) => {
      const { interface: name, way } = fieldsOf(item, where, ['interface', 'way'])
      if (way !== 'tcx' && way !== 'clsact') throw wrong(`${where}.way`, way, 'tcx or clsact')
      return { interface: textOf(name, `${where}.interface`, "an interface's name", isDeviceName), way }
    }),
    ...(why !== undefined && { why: textOf(why, 'program.why', 'a text', () => true) }),
  }
}

function readRefused(value: unknown): Answer['refused'] {
  const { options, error } = fieldsOf(value, 'refused', ['options', 'error'])
  return {
    options: options === undefined ? undefined : readDecapsulatorOptions(options, 'refused.options'),
    error: textOf(error, 'refused.error', 'a text', () => true),
  }
}
