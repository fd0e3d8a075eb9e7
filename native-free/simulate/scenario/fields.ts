import { type Path, quoted, ScenarioError } from './scenario-error.js'

/** Reads a value, or throws a ScenarioError. */
export type Read<T> = (value: unknown, path: Path) => T

/** The keys of a mapping, each read once; `end` refuses those that nobody asked for. */
export class Fields {
  readonly #path: Path
  readonly #values: ReadonlyMap<string, unknown>
  readonly #known: string[] = []

  constructor(value: unknown, path: Path, what: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new ScenarioError(path, `${quoted(value)}: ${what} is expected, with keys and values`)
    this.#path = path
    this.#values = new Map(Object.entries(value))
  }

  has(key: string): boolean {
    return this.#values.has(key)
  }
  need<T>(key: string, read: Read<T>): T {
    const found = this.take(key, read)
    if (found === undefined) throw new ScenarioError(this.#path, `${key} is missing`)
    return found
  }
  take<T>(key: string, read: Read<T>): T | undefined {
    this.#known.push(key)
    const value = this.#values.get(key)
    return value === undefined || value === null ? undefined : read(value, [...this.#path, key])
  }
  /** The first of these keys that is there, of which exactly one must be. */
  oneOf(keys: readonly string[]): string {
    const found = keys.filter(key => this.has(key))
    if (found.length === 1) return found[0]!
    const given = found.length === 0 ? 'none of them is there' : `${found.join(' and ')} are there`
    throw new ScenarioError(this.#path, `one of ${keys.join(', ')} is expected, and ${given}`)
  }
  end(): void {
    const stray = [...this.#values.keys()].find(key => !this.#known.includes(key))
    if (stray !== undefined)
      throw new ScenarioError([...this.#path, stray], `no such key; there are ${this.#known.join(', ')}`)
  }
}

export function listOf<T>(read: Read<T>): Read<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new ScenarioError(path, `${quoted(value)}: a list is expected`)
    return value.map((each, i) => read(each, [...path, i]))
  }
}

/** Reads a string, or throws that this is expected instead: with an example. */
export function textAs<T>(what: string, read: (text: string) => T | undefined): Read<T> {
  return (value, path) => {
    const text = typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : undefined
    const found = text === undefined ? undefined : read(text)
    if (found === undefined) throw new ScenarioError(path, `${quoted(value)}: ${what} is expected`)
    return found
  }
}

export function oneWord<T extends string>(...words: readonly T[]): Read<T> {
  return textAs(words.join(' or '), text => words.find(word => word === text))
}

export function whole(least: number, most: number): Read<number> {
  return textAs(`a whole number from ${least} to ${most}`, text => {
    const number = /^\d{1,12}$/.test(text) ? Number(text) : NaN
    return number >= least && number <= most ? number : undefined
  })
}

export function decimal(least: number, most: number): Read<number> {
  return textAs(`a number from ${least} to ${most}`, text => {
    const number = /^\d{1,12}(\.\d{1,9})?$/.test(text) ? Number(text) : NaN
    return number >= least && number <= most ? number : undefined
  })
}

export const name: Read<string> = textAs('a name of letters, digits, - and _', text =>
  /^[A-Za-z][\w-]{0,31}$/.test(text) ? text : undefined,
)

export const anyText: Read<string> = textAs('a text', text => (text === '' ? undefined : text))
