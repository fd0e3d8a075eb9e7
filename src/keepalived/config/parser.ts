import type { LogicalLine } from './lines/logical-lines.js'
import { FatalLine, type Place, type Report } from './report.js'
import type { Surroundings } from './surroundings.js'
import { unknownKeywordHelp } from './hints.js'

/** A word that begins a line of a block. `T` is what the block sets. */
export interface Keyword<T> {
  /** What follows it, as a manual page would write: `<1-255>`, `<TIMER>`, `[<BOOL>]`, `{ … }`. */
  readonly takes: string
  /** What holds without it. */
  readonly initial?: string
  /** Why uvs does not do it: said where it is used. */
  readonly unsupported?: string
  /** uvs's own: keepalived does not know it. */
  readonly isOfUvs?: true
  /** Does something with words beyond those that `takes` counts. */
  readonly takesAll?: boolean
  /** The words of the block that it opens. */
  readonly block?: Table<never>
  read(line: LogicalLine, target: T, parser: Parser): void
}

/** The keywords of a block. */
export type Table<T> = Readonly<Record<string, Keyword<T>>>

/** Reads lines by tables, as keepalived does: a wrong line is told and left out, reading goes on. */
export class Parser {
  /** Of the line that is being read: where a message belongs. */
  place: Place | undefined
  #at = 0
  /** Of the lines whose brace is open, outermost first. */
  readonly #open: Place[] = []
  /** Names of the open blocks, outermost first, for hints. */
  readonly #within: string[] = []

  constructor(
    private readonly lines: readonly LogicalLine[],
    readonly surroundings: Surroundings,
    readonly report: Report,
  ) {}

  /** The whole file. */
  parse<T>(table: Table<T>, target: T): void {
    while (this.#at < this.lines.length) this.#keywords(table, target, false)
    const { length } = this.#open
    const help = 'what opens here is not closed'
    if (length > 0) this.report.add('error', this.#open.at(-1), `There are ${length} missing '}'s or extra '{'s`, help)
  }

  error(text: string, help?: string): void {
    this.report.add('error', this.place, text, help)
  }

  warn(text: string, help?: string): void {
    this.report.add('warning', this.place, text, help)
  }

  /** The word at `at`, without which keepalived stops reading. */
  needed(line: LogicalLine, at = 1): string {
    const word = line.words[at]
    if (word !== undefined) return word
    const text = `*** Configuration line starting \`${line.words[0]}\` is missing a parameter after keyword \`${line.words[at - 1]}\` at word position ${at + 1}`
    return this.fatal(text, 'nothing after this line is read')
  }

  /** keepalived stops at this line. */
  fatal(text: string, help: string): never {
    this.report.add('fatal', this.place, text, help)
    throw new FatalLine(text)
  }

  /** The block that follows, by its own table. */
  block<T>(name: string, table: Table<T>, target: T): void {
    this.#within.push(name)
    this.#keywords(table, target, true)
    this.#within.pop()
  }

  /** The lines of the block that follows, to its first closing brace: an opening one within is a line like others. */
  eachLine(run: (line: LogicalLine) => void): void {
    let isFirst = true
    for (let line = this.#next(); line; line = this.#next()) {
      if (line.isBrace && line.text === '}') return
      if (!line.isBrace || !isFirst) run(line)
      isFirst = false
    }
  }

  /** Whether the next line opens a block. */
  isBlockNext(): boolean {
    const next = this.lines[this.#at]
    return next !== undefined && next.isBrace && next.text === '{'
  }

  /** Leaves the block that follows out, whatever is in it; where none follows, nothing. */
  skipBlock(): void {
    let depth = 0
    while (depth > 0 || this.isBlockNext()) {
      const line = this.#next()
      if (line === undefined) return
      if (line.isBrace) depth += line.text === '{' ? 1 : -1
      if (depth === 0) return
    }
  }

  /** The names of the blocks around the line, outermost first. */
  within(): readonly string[] {
    return this.#within
  }

  #next(): LogicalLine | undefined {
    const line = this.lines[this.#at]
    if (line === undefined) return undefined
    this.#at++
    this.place = line.place
    if (line.isBrace && line.text === '{') this.#open.push(line.place)
    else if (line.isBrace && this.#open.pop() === undefined)
      this.report.add('error', line.place, `Extra '}' found`, 'it closes nothing')
    return line
  }

  #keywords<T>(table: Table<T>, target: T, isBlock: boolean): void {
    let needsBrace = isBlock
    for (let line = this.#next(); line; line = this.#next()) {
      if (line.text === '{' && line.isBrace) {
        if (!needsBrace) this.error(`Unexpected '{' - ignoring`, 'its lines belong to the block around it')
        needsBrace = false
        continue
      }
      if (needsBrace) this.error(`Missing '{' at beginning of configuration block`)
      needsBrace = false
      if (line.text === '}' && line.isBrace && isBlock) return
      this.#keyword(table, target, line)
    }
  }

  #keyword<T>(table: Table<T>, target: T, line: LogicalLine): void {
    const word = line.words[0]!
    const keyword = Object.hasOwn(table, word) ? table[word] : undefined
    if (keyword === undefined) {
      const help = line.isBrace ? undefined : unknownKeywordHelp(line.words, this.#within, Object.keys(table))
      this.error(`Unknown keyword '${word}'`, help)
      return
    }
    if (keyword.isOfUvs)
      this.report.add(
        'note',
        this.place,
        `'${word}' is uvs's own`,
        'keepalived knows no such keyword, and leaves the line out',
      )
    if (keyword.unsupported !== undefined) this.warn(`'${word}' is not supported by uvs`, keyword.unsupported)
    if (!keyword.takesAll && !keyword.block) this.#extraWords(keyword.takes, line)
    keyword.read(line, target, this)
  }

  /** keepalived ignores what follows in silence: `alpha off` switches it on, `state BACKUP priority 100` sets no priority. */
  #extraWords(takes: string, { words }: LogicalLine): void {
    const counted = takes === '' ? 0 : takes.split(/ (?=[<[])/).length
    const extra = words.slice(counted + 1)
    if (extra.length === 0) return
    const said = `'${extra.join(' ')}' after '${words.slice(0, counted + 1).join(' ')}' is ignored`
    const isSwitch = takes === '' && /^(off|no|false)$/.test(extra[0]!)
    this.warn(said, isSwitch ? `${words[0]} is ON: leave the line out to have it off` : 'a line holds one keyword')
  }
}
