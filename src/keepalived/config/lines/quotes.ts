/** A line without its comment. `isOpen`: a double quote is not closed. */
export interface Uncommented {
  readonly text: string
  readonly isOpen: boolean
}

/**
 * Cuts what follows the first `!` or `#` outside of double quotes, and a backslash before it; a backslash protects a quote, and within quotes
 * any character. One at the line's end stays.
 */
export function withoutComment(line: string): Uncommented {
  let inQuotes = false
  for (let at = 0; at < line.length; at++) {
    const char = line[at]
    if (char === '"') inQuotes = !inQuotes
    else if (char === '\\' && (inQuotes || !isComment(line[at + 1]))) at++
    else if (!inQuotes && isComment(char === '\\' ? line[at + 1] : char))
      return { text: line.slice(0, at) + (line.endsWith('\\') ? '\\' : ''), isOpen: false }
  }
  return { text: line, isOpen: inQuotes }
}

const isComment = (char: string | undefined): boolean => char === '!' || char === '#'

/** What stands before the first brace outside of double quotes, that brace, and the rest of the line. */
export interface Split {
  readonly before: string
  /** Absent: there is none. */
  readonly brace?: '{' | '}'
  readonly rest: string
}

export function splitAtBrace(line: string): Split {
  let inQuotes = false
  for (let at = 0; at < line.length; at++) {
    const char = line[at]
    if (char === '"') inQuotes = !inQuotes
    else if (inQuotes && char === '\\') at++
    else if (!inQuotes && (char === '{' || char === '}'))
      return { before: trim(line.slice(0, at)), brace: char, rest: trim(line.slice(at + 1)) }
  }
  return { before: trim(line), rest: '' }
}

export interface Words {
  readonly words: string[]
  /** A double quote without its pair: the words before it count. */
  readonly isUnmatched: boolean
}

/** Words: separated by space, tab and CR only; a double quote at a word's start joins up to the next one and is removed; one within a word ends it. */
export function splitWords(text: string): Words {
  const words: string[] = []
  let at = 0
  while (at < text.length) {
    if (isBlank(text[at]!)) {
      at++
    } else if (text[at] === '"') {
      const end = text.indexOf('"', at + 1)
      if (end < 0) return { words, isUnmatched: true }
      words.push(text.slice(at + 1, end))
      at = end + 1
    } else {
      const from = at
      while (at < text.length && !isBlank(text[at]!) && text[at] !== '"') at++
      words.push(text.slice(from, at))
    }
  }
  return { words, isUnmatched: false }
}

export function isBlank(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\r'
}

/** Without blanks of keepalived's kind at both ends: `trim` would take a no-break space too. */
export function trim(text: string): string {
  return text.replace(/^[ \t\r]+/, '').replace(/[ \t\r]+$/, '')
}
