/** `a{b,c}d` → `abd`, `acd`, nested too; a brace without its pair is itself. At most 1024 results. */
export function expandBraces(pattern: string): string[] {
  const open = pattern.indexOf('{')
  const close = open < 0 ? -1 : closing(pattern, open)
  if (close < 0) return [pattern]
  const tails = expandBraces(pattern.slice(close + 1))
  return alternatives(pattern.slice(open + 1, close))
    .flatMap(expandBraces)
    .flatMap(middle => tails.map(tail => pattern.slice(0, open) + middle + tail))
    .slice(0, 1024)
}

function closing(pattern: string, open: number): number {
  let depth = 0
  for (let at = open; at < pattern.length; at++) {
    if (pattern[at] === '{') depth++
    else if (pattern[at] === '}' && --depth === 0) return at
  }
  return -1
}

/** Split at commas that stand in no inner braces. */
function alternatives(inside: string): string[] {
  const found = ['']
  let depth = 0
  for (const char of inside) {
    if (char === '{') depth++
    if (char === '}') depth--
    if (char === ',' && depth === 0) found.push('')
    else found[found.length - 1] += char
  }
  return found
}

export function hasWildcard(pattern: string): boolean {
  return /[*?[]/.test(pattern)
}

/** More paths, and more directories on the way to them, are not looked at. */
export const MOST_PATHS = 1024

/**
 * The paths that match a pattern without braces, sorted; `list` gives the names in a directory ('' is the current one). More than
 * MOST_PATHS of them: there were too many, here or on the way.
 */
export function matches(pattern: string, list: (directory: string) => readonly string[]): string[] {
  let found = [pattern.startsWith('/') ? '/' : '']
  for (const part of pattern.split('/').filter(text => text !== '')) {
    if (!hasWildcard(part)) {
      found = found.map(at => at + (at === '' || at.endsWith('/') ? '' : '/') + part)
      continue
    }
    found = found.flatMap(at =>
      list(at)
        .filter(name => isMatch(part, name))
        .map(name => at + (at === '' || at.endsWith('/') ? '' : '/') + name),
    )
    if (found.length > MOST_PATHS) break
  }
  return found.sort()
}

/** One name against `*`, `?` and `[a-z]`, `[!a-z]`. A leading dot must be written. Time is bounded by the product of the lengths. */
export function isMatch(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false
  let reached = new Set([0])
  for (const token of tokensOf(pattern)) {
    const next = new Set<number>()
    for (const at of reached) {
      if (token === '*') for (let to = at; to <= name.length; to++) next.add(to)
      else if (at < name.length && isOne(token, name[at]!)) next.add(at + 1)
    }
    reached = next
  }
  return reached.has(name.length)
}

function tokensOf(pattern: string): string[] {
  return pattern.match(/\[[!^]?\]?[^\]]*\]|[\s\S]/g) ?? []
}

function isOne(token: string, char: string): boolean {
  if (token === '?') return true
  if (token.length === 1) return token === char
  const isNot = token[1] === '!' || token[1] === '^'
  const set = token.slice(isNot ? 2 : 1, -1)
  for (let at = 0; at < set.length; at++) {
    const isRange = set[at + 1] === '-' && at + 2 < set.length
    const [from, to] = [set[at]!, isRange ? set[at + 2]! : set[at]!]
    if (char >= from && char <= to) return !isNot
    if (isRange) at += 2
  }
  return isNot
}
