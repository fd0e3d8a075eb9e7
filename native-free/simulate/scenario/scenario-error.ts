import { printable } from '../../../src/control/protocol/printable.js'

/** Where in a scenario: keys and, in lists, numbers from 0. */
export type Path = readonly (string | number)[]

/** What is wrong with a scenario, in a line: the place, the word, what is allowed. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError'
  readonly path: Path

  constructor(path: Path, what: string) {
    super(path.length === 0 ? what : `${pathText(path)}: ${what}`)
    this.path = path
  }
}

/** `clients[0].arrivals` */
export function pathText(path: Path): string {
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : i === 0 ? key : `.${key}`)).join('')
}

const QUOTED = 60

/** JSON, of what has one: no NaN, no list that holds itself. */
function asJson(value: unknown): string {
  if (typeof value === 'number') return String(value)
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return Array.isArray(value) ? 'a list that holds itself' : `a ${typeof value} that is no JSON`
  }
}

/** A value as a message quotes it: short, in one line. */
export function quoted(value: unknown): string {
  const text = typeof value === 'string' ? `'${value}'` : asJson(value)
  const line = printable(text)
  return line.length > QUOTED ? `${line.slice(0, QUOTED)}…` : line
}
