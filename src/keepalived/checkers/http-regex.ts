import { createContext, Script } from 'node:vm'
import type { Url } from '../config/tree/checker.js'

/** A search that takes longer is given up: an expression can be written that never ends. */
const MOST_MS = 250

/** keepalived's names of PCRE2's options that JavaScript's expressions have. */
const FLAGS: Record<string, string> = { caseless: 'i', multiline: 'm', dotall: 's', utf: 'u', ucp: 'u' }
/** Options that change nothing here. */
const WITHOUT_EFFECT = new Set(
  'no_auto_capture no_auto_possessify no_dotstar_anchor no_start_optimize never_ucp never_utf never_backslash_c use_offset_limit alt_bsux match_unset_backref allow_empty_class dollar_endonly'.split(
    ' ',
  ),
)

/** A url's expression, ready to be searched for. */
export interface BodyRegex {
  readonly regex: RegExp
  readonly minOffset: number
  readonly maxOffset: number
}

/** Error, one line: what of the expression JavaScript does not know. */
export function compileRegex(url: Url): BodyRegex {
  let flags = 'g'
  let pattern = url.regex ?? ''
  const options = new Set(url.regexOptions.map(option => option.toLowerCase()))
  const inline = /^\(\?([ims]+)\)/.exec(pattern)
  if (inline) {
    pattern = pattern.slice(inline[0].length)
    flags = withFlags(flags, inline[1]!)
  }
  if (options.delete('literal')) pattern = pattern.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  if (options.delete('extended')) pattern = withoutBlanks(pattern)
  for (const option of options) {
    const flag = FLAGS[option]
    if (flag !== undefined) flags = withFlags(flags, flag)
    else if (!WITHOUT_EFFECT.has(option)) throw new Error(`regex option ${option}: uvs does not have it`)
  }
  try {
    const regex = new RegExp(pattern, flags)
    return { regex, minOffset: url.regexMinOffset, maxOffset: url.regexMaxOffset ?? Infinity }
  } catch (error) {
    const { message } = error as Error
    throw new Error(`regex '${url.regex}': ${message.replace(/^Invalid regular expression: /, '')}`, { cause: error })
  }
}

function withFlags(flags: string, more: string): string {
  return [...new Set(flags + more)].join('')
}

/** White space and comments outside of classes mean nothing in an extended expression. */
function withoutBlanks(pattern: string): string {
  return pattern.replace(/(\\[^]|\[(?:\\[^]|[^\]])*\])|\s+|#[^\n]*/g, (_all, kept?: string) => kept ?? '')
}

const SEARCH = new Script('regex.lastIndex = from; regex.exec(text)?.index')

/**
 * Where the expression stands in the body at an allowed offset; undefined: nowhere. Error: the search was given up. The least offset counts
 * from the begin of the answer, its header too: keepalived lets a match at the begin of a body pass regex_min_offset.
 */
export function findIn(
  text: string,
  headLength: number,
  { regex, minOffset, maxOffset }: BodyRegex,
): number | undefined {
  const from = Math.max(0, minOffset - headLength)
  if (from > text.length) return undefined
  const context = createContext({ regex, text, from })
  let at: number | undefined
  try {
    at = SEARCH.runInContext(context, { timeout: MOST_MS }) as number | undefined
  } catch {
    throw new Error(`the regex took more than ${MOST_MS} ms`)
  }
  return at !== undefined && at <= maxOffset ? at : undefined
}
