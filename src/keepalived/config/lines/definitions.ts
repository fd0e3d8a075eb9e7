import { trim } from './quotes.js'

/** `$NAME=VALUE`; of several lines where the first ends with a backslash. */
interface Definition {
  readonly lines: readonly string[]
  readonly isMultiLine: boolean
}

const DEFINES = /^[ \t\r]*\$([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s
const NAMED = /\$(?:\{([A-Za-z_][A-Za-z0-9_]*)((?: +\d+){0,2})\}|([A-Za-z_][A-Za-z0-9_]*)(?=[ \t\r]|$))/g

/** A value may name definitions, these others; more steps than this for a line are a circle. */
const MOST_STEPS = 200
const LONGEST_RESULT = 65_536

/** The definitions in force at a line, and what is built in. */
export class Definitions {
  #known = new Map<string, Definition>()

  constructor(
    private readonly builtIn: {
      /** The directory of the file that is being read. */
      directory(): string
      configId: string
      random(): number
    },
  ) {}

  set(name: string, value: string): void {
    this.#known.set(name, { lines: [value], isMultiLine: false })
  }

  /** Takes a definition, and of `following` the lines that continue it; returns how many those are. Undefined: not a definition. */
  take(line: string, following: (ahead: number) => string | undefined): number | undefined {
    const [, name, first] = DEFINES.exec(line) ?? []
    if (name === undefined || first === undefined) return undefined
    if (!first.endsWith('\\')) {
      this.set(name, trim(first))
      return 0
    }
    const lines = [withoutBackslash(first)].filter(text => text !== '')
    let used = 0
    for (let isLast = false; !isLast; used++) {
      const next = following(used)
      if (next === undefined) break
      isLast = !next.endsWith('\\')
      const text = isLast ? trim(next) : withoutBackslash(next)
      if (text !== '') lines.push(text)
    }
    this.#known.set(name, { lines, isMultiLine: true })
    return used
  }

  /** The lines that `line` stands for, once: their own names are replaced when they are read again. Undefined: it names nothing. */
  expand(line: string): string[] | undefined {
    const alone = /^[ \t\r]*\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))[ \t\r]*$/.exec(line)
    const whole = this.#known.get(alone?.[1] ?? alone?.[2] ?? '')
    if (whole?.isMultiLine) return [...whole.lines]
    let found = false
    const text = line.replaceAll(NAMED, (as: string, braced?: string, bounds?: string, bare?: string) => {
      const value = this.#valueOf(braced ?? bare ?? '', bounds ?? '', braced !== undefined)
      if (value === undefined) return as
      found = true
      return value
    })
    return found ? [text] : undefined
  }

  #valueOf(name: string, bounds: string, isBraced: boolean): string | undefined {
    const known = this.#known.get(name)
    if (known) return known.isMultiLine || bounds !== '' ? undefined : known.lines[0]
    if (!isBraced) return undefined
    if (name === '_RANDOM') return String(this.#random(bounds.trim().split(/ +/).filter(Boolean).map(Number)))
    if (bounds !== '') return undefined
    return { _PWD: this.builtIn.directory(), _INSTANCE: this.builtIn.configId, _HASH: '#', _BANG: '!' }[name]
  }

  #random([least = 0, most = 32_767]: number[]): number {
    return most <= least ? least : least + Math.floor(this.builtIn.random() * (most - least + 1))
  }
}

function withoutBackslash(line: string): string {
  return trim(line.slice(0, -1))
}

/** Whether a line that came out of `steps` replacements is a definition that names itself. */
export function isCircular(steps: number, line: string): boolean {
  return steps > MOST_STEPS || line.length > LONGEST_RESULT
}
