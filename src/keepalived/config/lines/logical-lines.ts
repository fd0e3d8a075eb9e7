import { dirname } from 'node:path/posix'
import type { Place, Report } from '../report.js'
import type { Surroundings } from '../surroundings.js'
import { Definitions, isCircular } from './definitions.js'
import { changedChecks, type IncludeChecks, includedFiles, includeOf, NO_CHECKS } from './include.js'
import { physicalLines } from './physical-lines.js'
import { splitAtBrace, splitWords, trim, withoutComment } from './quotes.js'
import { eachRound, repeatOf } from './repeats.js'

/** What the parser reads: a line of words, or one brace. */
export interface LogicalLine {
  readonly place: Place
  /** `{`, `}` or the words' text: scripts are cut by rules of their own. */
  readonly text: string
  readonly words: readonly string[]
  readonly isBrace: boolean
}

/** Files within files; keepalived goes on until it has no file descriptor left. A file may contain itself once. */
const MOST_FILES_OPEN = 32
const MOST_FILES = 1000
/** Lines and replacements in all. keepalived knows no bound and runs out of memory or time. */
const MOST_STEPS = 300_000

/** The lines of a file and of what it includes, with definitions replaced, conditions decided and braces apart. */
export function logicalLines(file: string, text: string, surroundings: Surroundings, report: Report): LogicalLine[] {
  const reader = new LineReader(surroundings, report)
  reader.readText(file, text)
  return reader.lines
}

class LineReader {
  readonly lines: LogicalLine[] = []
  #open: string[] = []
  #files = 0
  #steps = 0
  #checks: IncludeChecks = NO_CHECKS
  readonly #definitions: Definitions

  constructor(
    private readonly surroundings: Surroundings,
    private readonly report: Report,
  ) {
    this.#definitions = new Definitions({
      directory: () => this.#directory().replace(/\/$/, '') || '.',
      configId: surroundings.configId,
      random: () => surroundings.random(),
    })
  }

  readText(file: string, text: string): void {
    this.#open.push(file)
    const physical = physicalLines(text)
    for (let at = 0; at < physical.length && this.#steps < MOST_STEPS; at++) {
      const place = { file, line: at + 1 }
      this.#checkQuotes(physical[at]!, place)
      const taken = this.#feed(physical[at]!, place, 0, ahead => physical[at + 1 + ahead])
      for (let left = taken; left > 0; left--) this.#checkQuotes(physical[++at]!, { file, line: at + 1 })
    }
    this.#open.pop()
  }

  /** Works on one line; returns how many of those that follow a definition took. `depth` counts replacements. */
  #feed(raw: string, place: Place, depth: number, following: (ahead: number) => string | undefined): number {
    if (++this.#steps === MOST_STEPS)
      this.report.add('error', place, 'too many lines', `at most ${MOST_STEPS} are read`)
    if (this.#steps >= MOST_STEPS) return 0
    if (isCircular(depth, raw)) {
      this.report.add('error', place, `definition refers to itself: '${raw.slice(0, 40)}'`, 'the line is left out')
      return 0
    }
    const line = trim(withoutComment(raw).text)
    if (line === '') return 0
    if (line.startsWith('@')) return this.#conditional(raw, line, place, depth, following)
    const taken = this.#definitions.take(raw.endsWith('\\') ? raw : line, following)
    if (taken !== undefined) return taken
    if (this.#repeat(line, place, depth)) return 0
    const replaced = this.#definitions.expand(line)
    if (replaced) for (const one of replaced) this.#feedReplaced(one, place, depth)
    else this.#emit(line, place, depth)
    return 0
  }

  #feedReplaced(text: string, place: Place, depth: number): void {
    this.#checkQuotes(text, place)
    this.#feed(text, place, depth + 1, () => undefined)
  }

  /** Of each line as it is written, and as it is with its definitions replaced. */
  #checkQuotes(raw: string, place: Place): void {
    const { text, isOpen } = withoutComment(raw)
    if (isOpen) this.report.add('error', place, `Unterminated quote '${trim(text).replace(/\\$/, '')}'`, CLOSE_IT)
  }

  /** `@ID rest`, `@^ID rest`. An include after it is read twice, as keepalived does: its man page says that it does not work. */
  #conditional(
    raw: string,
    line: string,
    place: Place,
    depth: number,
    following: (ahead: number) => string | undefined,
  ): number {
    const [, not = '', id = '', rest = ''] = /^@(\^?)(\S*)[ \t\r]+([^]+)$/.exec(line) ?? []
    // Without an id nothing is like it: `@ rest` is left out, `@^ rest` read.
    if (rest === '' || (id !== '' && id === this.surroundings.configId) === (not === '^')) return 0
    if (includeOf(rest, this.#checks)) this.#feed(rest, place, depth + 1, following)
    return this.#feed(raw.endsWith('\\') ? raw.slice(raw.indexOf(rest.slice(0, 8))) : rest, place, depth + 1, following)
  }

  #repeat(line: string, place: Place, depth: number): boolean {
    const close = line.startsWith('~') ? line.indexOf(')') : -1
    const head = close < 0 ? '' : (this.#definitions.expand(line.slice(0, close + 1))?.[0] ?? line.slice(0, close + 1))
    const repeat = repeatOf(close < 0 ? line : head + line.slice(close + 1))
    if (repeat === undefined) return false
    if (!Array.isArray(repeat)) {
      const run = repeat as Exclude<typeof repeat, string[]>
      eachRound(run, this.#definitions, () => this.#feed(run.rest, place, depth + 1, () => undefined))
    } else for (const text of repeat) this.report.add('error', place, text, REPEAT_FORMS)
    return true
  }

  /** What stands behind a brace is a line of its own again. */
  #emit(line: string, place: Place, depth: number): void {
    const include = includeOf(line, this.#checks)
    if (include) {
      for (const path of includedFiles(include, this.#directory(), this.surroundings, place, this.report))
        this.#include(path, place)
      return
    }
    const { before, brace, rest } = splitAtBrace(line)
    this.#words(before, place)
    if (brace === undefined) return
    this.lines.push({ place, text: brace, words: [brace], isBrace: true })
    this.#feed(rest, place, depth, () => undefined)
  }

  #words(text: string, place: Place): void {
    const { words, isUnmatched } = splitWords(text)
    if (isUnmatched) this.report.add('error', place, `Unmatched quote: '${text}'`, CLOSE_IT)
    if (words[0] === 'include_check') this.#checks = changedChecks(this.#checks, words.slice(1), place, this.report)
    if (words.length > 0) this.lines.push({ place, text, words, isBrace: false })
  }

  #include(path: string, place: Place): void {
    const found = this.surroundings.read(path)
    const circles = this.#open.filter(open => open === path).length
    if (found.kind === 'directory') {
      this.report.add('note', place, `Configuration file '${path}/' is a directory - skipping`)
    } else if (found.kind === 'file') {
      if (circles > 1 || this.#open.length >= MOST_FILES_OPEN || ++this.#files > MOST_FILES)
        this.report.add(
          'error',
          place,
          `Configuration file '${path}' open problem (Too many open files) - skipping`,
          CIRCLE,
        )
      else this.readText(path, found.text)
    }
  }

  /** '' or a path that ends in a slash. */
  #directory(): string {
    const file = this.#open.at(-1) ?? ''
    return file.includes('/') ? `${dirname(file)}/`.replace('//', '/') : ''
  }
}

const CLOSE_IT = 'a double quote must be closed on its own line'
const CIRCLE = 'a file that includes itself'
const REPEAT_FORMS = 'use ~SEQ(NAME, first, [step,] last) or ~LST(NAME, value, value…)'
