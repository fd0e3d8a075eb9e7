import { isBlank } from './lines/quotes.js'
import type { Parser } from './parser.js'

/** A backslash and what it protects: C's characters, and any other as it is. */
const ESCAPED = /\\(?:x([0-9a-f]{1,2})|([0-7]{1,3})|([^]))/iy
const NAMED: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** Words from `from` on: quotes of both kinds join, with blanks in them; one that is not closed is told, and there are none then. */
export function shellWords(text: string, from: number, parser: Parser): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  let quote: string | undefined
  for (let at = from; at < text.length;) {
    const char = text[at]!
    ESCAPED.lastIndex = at
    const escaped = char === '\\' ? ESCAPED.exec(text) : null
    at += escaped?.[0].length ?? 1
    if (escaped) word = (word ?? '') + plain(escaped)
    else if (char === quote) quote = undefined
    else if (quote === undefined && (char === '"' || char === "'")) [word, quote] = [word ?? '', char]
    else if (quote !== undefined || !isBlank(char)) word = (word ?? '') + char
    else if (word !== undefined) {
      words.push(word)
      word = undefined
    }
  }
  if (quote !== undefined) {
    parser.error(`String '${text}': missing terminating ${quote}`)
    return undefined
  }
  return word === undefined ? words : [...words, word]
}

function plain([, hex, octal, char = '']: RegExpExecArray): string {
  const code =
    hex !== undefined ? Number.parseInt(hex, 16) : octal !== undefined ? Number.parseInt(octal, 8) : undefined
  return code === undefined ? (NAMED[char] ?? char) : String.fromCharCode(code & 255)
}
