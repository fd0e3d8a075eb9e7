/** In place of a secret. */
const HIDDEN = '…'
/** Keywords whose value is a secret, wherever they stand: in a comment too. */
const SECRET = /^(.*?(?<![\w-])(?:auth_pass|password)(?![\w-]))(.*)$/i
const DEFINITION = /^(\s*\$\w+\s*=)(.*)$/
const BLOCK = /^(\s*(?:[^#!]*[{}\s])?authentication\s*(?:\{|$))(.*)$/

export interface Shown {
  readonly texts: string[]
  readonly warnings: string[]
}

/**
 * Files of a keepalived.conf and what was complained of them, without passwords: the values of `auth_pass` and `password`, all that stands in an
 * `authentication` block but `auth_type`, and every definition where such a value is made of one.
 */
export function withoutSecrets(texts: readonly string[], warnings: readonly string[]): Shown {
  const hidden: string[] = []
  const shown = texts.map(text => hideValues(text, hidden))
  const areDefined = hidden.some(value => value.includes('$'))
  const all = areDefined ? shown.map(text => hideDefinitions(text, hidden)) : shown
  const words = new Set(hidden.flatMap(value => value.split(/[\s{}"'\\]+/)).filter(word => word !== ''))
  // The longest first: one may be a part of another.
  const longestFirst = [...words].sort((one, other) => other.length - one.length)
  return {
    texts: all,
    warnings: warnings.map(line => longestFirst.reduce((text, word) => text.replaceAll(word, HIDDEN), line)),
  }
}

function hideValues(text: string, hidden: string[]): string {
  let isInBlock = false
  const hide = (before: string, value: string): string => {
    if (value.trim() === '') return before + value
    hidden.push(value)
    return `${before} ${HIDDEN}`
  }
  return eachLine(
    text,
    line => {
      const opened = isInBlock ? null : BLOCK.exec(line)
      if (opened) {
        const [, before = '', rest = ''] = opened
        isInBlock = !rest.includes('}')
        return hide(before, rest)
      }
      if (isInBlock) {
        if (/^\s*\}/.test(line)) isInBlock = false
        else if (!/^\s*(auth_type\s+\w+|\{)?\s*$/.test(line)) {
          isInBlock = !line.includes('}')
          const [, before = '', rest = ''] = /^(\s*\S*)(.*)$/.exec(line)!
          return hide(before, rest)
        }
        return line
      }
      const [, before, value] = SECRET.exec(line) ?? []
      return before === undefined ? line : hide(before, value!)
    },
    hidden,
  )
}

function hideDefinitions(text: string, hidden: string[]): string {
  return eachLine(
    text,
    line => {
      const [, before, value] = DEFINITION.exec(line) ?? []
      if (before === undefined) return line
      hidden.push(value!)
      return before + HIDDEN
    },
    hidden,
  )
}

/** A line that is hidden in part and ends in `\` goes on in the next one. */
function eachLine(text: string, show: (line: string) => string, hidden: string[]): string {
  let goesOn = false
  return text
    .split('\n')
    .map(line => {
      const shown = goesOn ? HIDDEN : show(line)
      if (goesOn) hidden.push(line)
      goesOn = shown !== line && /\\\s*$/.test(line)
      return shown
    })
    .join('\n')
}
