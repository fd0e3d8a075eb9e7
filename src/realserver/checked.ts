/* Checks values read from a file. `where` is the path to the value: 'changes[2].name'. */

export type Fields = Record<string, unknown>

/** Throws a line unless the value is an object with no other fields. */
export function fieldsOf(value: unknown, where: string, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(where, value, 'an object')
  const unknown = Object.keys(value).find(name => !known.includes(name))
  if (unknown !== undefined)
    throw new Error(`${where} has a field ${shown(unknown)}, which is none of ${known.join(', ')}`)
  return value as Fields
}

export function listOf<T>(value: unknown, where: string, read: (item: unknown, where: string) => T): T[] {
  if (!Array.isArray(value)) throw wrong(where, value, 'a list')
  return value.map((item, i) => read(item, `${where}[${i}]`))
}

export function textOf(value: unknown, where: string, what: string, fits: (text: string) => boolean): string {
  if (typeof value !== 'string' || !fits(value)) throw wrong(where, value, what)
  return value
}

export function wholeOf(value: unknown, where: string, from: number, to: number): number {
  if (Number.isInteger(value) && (value as number) >= from && (value as number) <= to) return value as number
  throw wrong(where, value, `a whole number from ${from} to ${to}`)
}

/** One line: 'vips: "x" is not an object'. */
export function wrong(where: string, value: unknown, wanted: string): Error {
  return new Error(`${where}: ${shown(value)} is not ${wanted}`)
}

const SHOWN_MAX = 60

/** The value in short, in ASCII without control characters. */
function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(typeof value === 'string' ? value.slice(0, SHOWN_MAX) : value)
  return text.replace(/[^ -~]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
