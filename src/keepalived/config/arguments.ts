import type { LogicalLine } from './lines/logical-lines.js'
import { booleanOf, BOOLEANS, type Bounds, millisecondsOf, signedOf, type TimeBounds, unsignedOf } from './numbers.js'
import type { Keyword, Parser, Table } from './parser.js'

/* Makers of keywords: what a word takes, what holds without it, and what is said of a bad value. */

/** A message, or how it is made of the bad word and what is being set. */
type Said<T> = string | ((word: string, target: T) => string)

interface Common<T> {
  /** What holds without the keyword, with its unit. */
  readonly initial?: string
  readonly unsupported?: string
  /** What is said when the word is missing; without it keepalived stops there. */
  readonly none?: Said<T>
}

function said<T>(text: Said<T>, word: string, target: T): string {
  return typeof text === 'string' ? text : text(word, target)
}

/** Undefined: the word is missing, and told. */
function given<T>(line: LogicalLine, target: T, parser: Parser, none: Said<T> | undefined): string | undefined {
  if (line.words[1] !== undefined || none === undefined) return parser.needed(line)
  parser.error(said(none, '', target))
  return undefined
}

export interface NumberOf<T> extends Common<T>, Bounds {
  readonly unit?: string
  readonly isSigned?: boolean
  /** Said besides what is wrong with the number; absent: nothing more. */
  readonly bad?: Said<T>
  /** Of a word that is no number keepalived takes the digits in front, 0 without any, although it says that it ignores it. */
  readonly takesPrefix?: boolean
  /** 0 is within the bounds, yet told and made 1. */
  readonly zero?: Said<T>
  set(target: T, value: number, parser: Parser): void
  /** What holds after a bad value, where that is not what held before. */
  otherwise?(target: T): void
}

export function number<T>(of: NumberOf<T>): Keyword<T> {
  return {
    takes: `<${of.least}-${of.most}>`,
    ...shown(of),
    read(line, target, parser) {
      const word = given(line, target, parser, of.none)
      if (word === undefined) return
      const value = (of.isSigned ? signedOf : unsignedOf)(word, of, parser)
      if (value === undefined) {
        if (of.bad !== undefined) parser.error(said(of.bad, word, target), `allowed: ${of.least} to ${of.most}`)
        of.otherwise?.(target)
        if (of.takesPrefix && !/^[+-]?\d+$/.test(word)) {
          const prefix = Number.parseInt(word, 10) || 0
          of.set(target, prefix === 0 && of.zero !== undefined ? 1 : prefix, parser)
        }
      } else if (value === 0 && of.zero !== undefined) {
        parser.error(said(of.zero, word, target))
        of.set(target, 1, parser)
      } else of.set(target, value, parser)
    },
  }
}

export interface TimeOf<T> extends Common<T>, TimeBounds {
  readonly bad?: Said<T>
  set(target: T, milliseconds: number): void
}

export function time<T>(of: TimeOf<T>): Keyword<T> {
  return {
    takes: `<${of.least}-${of.most} s>`,
    ...shown(of),
    read(line, target, parser) {
      const word = given(line, target, parser, of.none)
      if (word === undefined) return
      const value = millisecondsOf(word, of, parser)
      if (value !== undefined) of.set(target, value)
      else if (of.bad !== undefined) parser.error(said(of.bad, word, target))
    },
  }
}

/** A word alone; what follows it changes nothing. */
export function flag<T>(set: (target: T, parser: Parser) => void, unsupported?: string): Keyword<T> {
  return {
    takes: '',
    initial: 'off',
    ...(unsupported !== undefined && { unsupported }),
    read: (_line, target, parser) => set(target, parser),
  }
}

/** A keyword that keepalived does not know. */
export function ofUvs<T>(keyword: Keyword<T>): Keyword<T> {
  return { ...keyword, isOfUvs: true }
}

export interface BooleanOf<T> {
  readonly initial?: string
  readonly unsupported?: string
  readonly bad: Said<T>
  set(target: T, value: boolean): void
}

export function bool<T>(of: BooleanOf<T>): Keyword<T> {
  return {
    takes: '[<BOOL>]',
    initial: 'off',
    ...shown(of),
    read({ words }, target, parser) {
      const value = booleanOf(words[1])
      if (value === undefined) parser.error(said(of.bad, words[1]!, target), BOOLEANS)
      else of.set(target, value)
    },
  }
}

export interface WordOf<T> extends Common<T> {
  readonly takes?: string
  set(target: T, word: string, parser: Parser): void
}

export function word<T>(of: WordOf<T>): Keyword<T> {
  return {
    takes: of.takes ?? '<STRING>',
    ...shown(of),
    read(line, target, parser) {
      const found = given(line, target, parser, of.none)
      if (found !== undefined) of.set(target, found, parser)
    },
  }
}

/** One of some words, as written. */
export function oneOf<T, W extends string>(
  allowed: readonly W[],
  of: Common<T> & { readonly bad: Said<T>; set(target: T, word: W, parser: Parser): void; otherwise?(target: T): void },
): Keyword<T> {
  return {
    takes: `<${allowed.join('|')}>`,
    ...shown(of),
    read(line, target, parser) {
      const found = given(line, target, parser, of.none)
      const known = allowed.find(one => one === found)
      if (known !== undefined) of.set(target, known, parser)
      else if (found !== undefined) {
        parser.error(said(of.bad, found, target), `allowed: ${allowed.join(', ')}${glued(found, allowed)}`)
        of.otherwise?.(target)
      }
    },
  }
}

/** `MASTERinterface`: what tutorials make when a line break is lost. */
function glued(found: string, allowed: readonly string[]): string {
  const head = allowed.find(one => found.toLowerCase().startsWith(one.toLowerCase()))
  if (head === undefined) return ''
  if (head.length === found.length) return `; write ${head}: case counts`
  return `; is a line break missing after ${head}?`
}

/** Accepted, and nothing is done with it. */
export function ignored<T>(takes: string, unsupported?: string): Keyword<T> {
  return { takes, takesAll: true, ...(unsupported !== undefined && { unsupported }), read: () => undefined }
}

/** A block of keywords. `open` returns what its keywords set; undefined: the block is left out. */
export function block<P, C>(of: {
  readonly takes?: string
  readonly table: Table<C>
  readonly unsupported?: string
  open(line: LogicalLine, parent: P, parser: Parser): C | undefined
  /** Of a block that is left out and that no brace opens the lines are read nevertheless, into this. */
  orphan?(parent: P): C
  close?(child: C, parent: P, parser: Parser): void
}): Keyword<P> {
  return {
    takes: `${of.takes === undefined ? '' : `${of.takes} `}{ … }`,
    block: of.table as Table<never>,
    ...shown(of),
    read(line, parent, parser) {
      const child = of.open(line, parent, parser)
      if (child === undefined) {
        const orphan = parser.isBlockNext() ? undefined : of.orphan?.(parent)
        if (orphan === undefined) parser.skipBlock()
        else parser.block(line.words[0]!, of.table, orphan)
        return
      }
      parser.block(line.words[0]!, of.table, child)
      of.close?.(child, parent, parser)
    },
  }
}

/** A block of lines that are no keywords. `empty`: said when it has none. */
export function lines<T>(of: {
  readonly takes: string
  readonly unsupported?: string
  readonly empty?: (target: T) => string
  before?(target: T, parser: Parser): void
  each(line: LogicalLine, target: T, parser: Parser): void
  close?(target: T, parser: Parser): void
}): Keyword<T> {
  return {
    takes: `{ ${of.takes}… }`,
    takesAll: true,
    ...shown(of),
    read({ words: [name, extra] }, target, parser) {
      if (extra !== undefined) parser.error(`Block ${name} has extra parameters ${extra} ...`, 'they are ignored')
      of.before?.(target, parser)
      let count = 0
      parser.eachLine(line => {
        count++
        of.each(line, target, parser)
      })
      if (count === 0 && of.empty) parser.error(of.empty(target))
      of.close?.(target, parser)
    },
  }
}

/** What the table of keywords shows. */
function shown(of: { readonly initial?: string; readonly unsupported?: string }): {
  initial?: string
  unsupported?: string
} {
  return {
    ...(of.initial !== undefined && { initial: of.initial }),
    ...(of.unsupported !== undefined && { unsupported: of.unsupported }),
  }
}
