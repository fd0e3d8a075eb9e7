import { inspect } from 'node:util'

/** A value as it would be written in JavaScript, in one line. */
export function shown(value: unknown): string {
  const text = inspect(value, { depth: 0, compact: true, breakLength: Infinity, maxStringLength: 80 })
  return text.split('\n')[0]!
}
