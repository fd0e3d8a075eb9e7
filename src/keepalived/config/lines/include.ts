import type { Place, Report, Severity } from '../report.js'
import type { Surroundings } from '../surroundings.js'
import { expandBraces, hasWildcard, matches, MOST_PATHS } from './glob.js'

/** What an include must find; what it need not find is left out with a note at most. */
export interface IncludeChecks {
  readonly readable: boolean
  readonly match: boolean
  readonly wildcard: boolean
  readonly brace: boolean
}

export const NO_CHECKS: IncludeChecks = { readable: false, match: false, wildcard: false, brace: false }
const ALL_CHECKS: IncludeChecks = { readable: true, match: true, wildcard: true, brace: true }

/** By keyword, what is checked besides what `include_check` says. */
const BY_KEYWORD: Record<string, Partial<IncludeChecks>> = {
  include: {},
  includer: { readable: true },
  includem: { match: true },
  includew: { wildcard: true },
  includeb: { brace: true },
  includea: ALL_CHECKS,
}

/** `include sub/*.conf` → its checks and its pattern, which goes to the end of the line. */
export function includeOf(line: string, checks: IncludeChecks): { checks: IncludeChecks; pattern: string } | undefined {
  const [, keyword, pattern] = /^(include[rmwba]?)[ \t\r]+([^ \t\r][^]*)$/.exec(line) ?? []
  const more = keyword === undefined ? undefined : BY_KEYWORD[keyword]
  return more && { checks: { ...checks, ...more }, pattern: pattern!.replace(/[ \t\r]+$/, '') }
}

/** The files that a pattern names, relative to `directory`; says in `report` which are missing. */
export function includedFiles(
  { checks, pattern }: { checks: IncludeChecks; pattern: string },
  directory: string,
  surroundings: Surroundings,
  place: Place,
  report: Report,
): string[] {
  const under = (path: string): string => (path.startsWith('/') ? path : directory + path)
  const whys: string[] = []
  const isThere = (path: string): boolean => {
    const there = surroundings.read(path)
    if (there.kind === 'missing' && there.why !== undefined) whys.push(there.why)
    return there.kind !== 'missing'
  }
  const alternatives = expandBraces(pattern)
  const found = alternatives.map(alternative =>
    hasWildcard(alternative)
      ? matches(under(alternative), at => surroundings.list(at))
      : [under(alternative)].filter(isThere),
  )
  if (found.some(paths => paths.length > MOST_PATHS)) {
    report.add('error', place, `'${pattern}' names too many files`, `at most ${MOST_PATHS} paths`)
    return []
  }
  const isMissing = found.some(paths => paths.length === 0)
  if (isMissing && found.every(paths => paths.length === 0)) {
    if (!hasWildcard(pattern)) report.add(severity(checks.match), place, `Config files missing '${pattern}'.`, whys[0])
    else if (checks.wildcard) report.add('missing', place, `No config files matched '${pattern}'.`)
  } else if (isMissing && alternatives.length > 1) {
    report.add(severity(checks.brace), place, `Some config files missing: "${pattern}".`)
  }
  return [...new Set(found.flat())]
}

const severity = (mustBe: boolean): Severity => (mustBe ? 'missing' : 'note')

const CHECK_NAMES: Record<string, keyof IncludeChecks> = {
  match: 'match',
  wildcard_match: 'wildcard',
  brace_match: 'brace',
}

/** `include_check [match|wildcard_match|brace_match|+…|-…]…`: what the includes below check; alone: everything. */
export function changedChecks(
  now: IncludeChecks,
  words: readonly string[],
  place: Place,
  report: Report,
): IncludeChecks {
  if (words.length === 0) return ALL_CHECKS
  let checks = now
  let isSet = false
  for (const word of words) {
    const sign = /^[+-]/.exec(word)?.[0]
    const check = CHECK_NAMES[sign === undefined ? word : word.slice(1)]
    if (sign === undefined && isSet)
      report.add('error', place, `Duplicate include_check '${word}' specified - ignoring`)
    else if (check === undefined || !Object.hasOwn(CHECK_NAMES, sign === undefined ? word : word.slice(1)))
      report.add('error', place, `Unknown include_check type '${word}' - ignoring`, ALLOWED)
    else {
      checks = sign === undefined ? { ...NO_CHECKS, [check]: true } : { ...checks, [check]: sign === '+' }
      isSet ||= sign === undefined
    }
  }
  return checks
}
const ALLOWED = 'allowed: match, wildcard_match, brace_match, each with + or - in front to change what holds'
