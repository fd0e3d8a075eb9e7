import { block, bool, flag, word } from '../arguments.js'
import { unsignedOf } from '../numbers.js'
import type { Keyword, Parser, Table } from '../parser.js'
import type { HttpCheck, Url } from '../tree/checker.js'
import { connection, timing, type Timing } from './checker-common.js'

export type HttpDraft = Omit<HttpCheck, keyof Timing> & Timing

type UrlDraft = Omit<Url, 'path'> & { path?: string }

const REGEX_OPTIONS =
  'allow_empty_class alt_bsux auto_callout caseless dollar_endonly dotall dupnames extended firstline match_unset_backref multiline never_ucp never_utf no_auto_capture no_auto_possessify no_dotstar_anchor no_start_optimize ucp ungreedy utf never_backslash_c alt_circumflex alt_verbnames use_offset_limit extended_more literal match_invalid_utf'.split(
    ' ',
  )

const URL_KEYWORDS: Table<UrlDraft> = {
  path: word({ takes: '<PATH>', set: (url, path) => void (url.path = path) }),
  digest: word({ takes: '<MD5>', set: setDigest }),
  status_code: {
    takes: '<N|N-M>…',
    takesAll: true,
    initial: '200 to 299',
    read(line, url, parser) {
      const codes = line.words.slice(1).flatMap(text => codesOf(text, parser))
      url.statusCodes = [...(url.statusCodes ?? []), ...codes]
    },
  },
  virtualhost: word({ none: 'Missing HTTP_GET virtualhost name', set: (url, host) => void (url.virtualhost = host) }),
  regex: {
    takes: '<REGEX>',
    read({ words: [, regex] }, url) {
      if (regex !== undefined) url.regex = regex
    },
  },
  regex_no_match: flag(url => void (url.regexNoMatch = true)),
  regex_options: {
    takes: '<OPTION>…',
    takesAll: true,
    read({ words }, url, parser) {
      for (const option of words.slice(1))
        if (!REGEX_OPTIONS.includes(option.toLowerCase())) parser.warn(`regex option ${option} is not known`)
      url.regexOptions = words.slice(1)
    },
  },
  regex_stack: {
    takes: '<START> <MOST>',
    read({ words: [, start = '', most = ''] }, url) {
      url.regexStack = [Number(start) || 0, Number(most) || 0]
    },
  },
  regex_min_offset: {
    takes: '<N>',
    initial: '0',
    read: ({ words }, url) => void (url.regexMinOffset = Number(words[1]) || 0),
  },
  regex_max_offset: {
    takes: '<N>',
    initial: 'none',
    read: ({ words }, url) => void (url.regexMaxOffset = Number(words[1]) || 0),
  },
}

function setDigest(url: UrlDraft, text: string, parser: Parser): void {
  const bad = text.search(/[^0-9a-f]/i)
  if (text.length !== 32) parser.error(`digest '${text}' character length should be 32 rather than ${text.length}`)
  else if (bad >= 0) {
    const at = bad - (bad % 2)
    parser.error(`Unable to interpret hex digit in '${text.slice(at, at + 2)}' at offset ${at}/${at + 1}`)
  } else url.digest = text.toLowerCase()
}

function codesOf(text: string, parser: Parser): [number, number][] {
  const [, from, to = from] = /^(\d{3})(?:-(\d{3}))?$/.exec(text) ?? []
  const [first, last] = [Number(from), Number(to)]
  if (from !== undefined && first >= 100 && last <= 599 && first <= last) return [[first, last]]
  parser.error(`Invalid HTTP_GET status code '${text}'`, 'allowed: 100 to 599, N or N-M, with blanks between')
  return []
}

function url<T extends { urls: Url[] }>(): Keyword<T> {
  return block<T, UrlDraft>({
    table: URL_KEYWORDS,
    open: () => ({ regexNoMatch: false, regexOptions: [], regexMinOffset: 0 }),
    close(found, checker, parser) {
      if (found.path === undefined) parser.error('HTTP/SSL_GET checker url has no path - ignoring')
      else checker.urls.push({ ...found, path: found.path })
    },
  })
}

export const HTTP_KEYWORDS: Table<HttpDraft> = {
  ...timing<HttpDraft>(),
  ...connection<HttpDraft>(),
  nb_get_retry: {
    takes: '<N>',
    read(line, checker, parser) {
      const text = parser.needed(line)
      parser.error("nb_get_retry is deprecated - please use 'retry'")
      const value = unsignedOf(text, { least: 0, most: 4_294_967_295 }, parser)
      if (value === undefined) parser.error(`Invalid nb_get_retry value '${text}'`)
      else checker.retry = value
    },
  },
  url: url<HttpDraft>(),
  http_protocol: {
    takes: '<1.0|1.0C|1.1>',
    initial: '1.0',
    read({ words: [, text] }, checker, parser) {
      const version = text?.toUpperCase()
      if (text === undefined) parser.error('Missing http_protocol version', 'allowed: 1.0, 1.0C, 1.1')
      else if (version === '1.0' || version === '1.0C' || version === '1.1') checker.httpProtocol = version
      else parser.error(`Invalid http_protocol version ${text}`, 'allowed: 1.0, 1.0C, 1.1')
    },
  },
  virtualhost: word({
    none: 'HTTP_GET virtualhost name missing',
    set: (checker, host) => void (checker.virtualhost = host),
  }),
  fast_recovery: bool({
    bad: text => `Invalid fast_recovery parameter ${text}`,
    set: (checker, value) => void (checker.fastRecovery = value),
  }),
  enable_sni: bool({
    bad: text => `Invalid enable_sni parameter ${text}`,
    set: (checker, value) => void (checker.enableSni = value),
  }),
}

/** The top-level SSL block: files that a client certificate needs. */
export const SSL_KEYWORDS: Table<object> = {
  password: ofClient('SSL password missing'),
  ca: ofClient('SSL cafile missing'),
  certificate: ofClient('SSL certfile missing'),
  key: ofClient('SSL keyfile missing'),
}

function ofClient(none: string): Keyword<object> {
  return word<object>({ none, unsupported: 'uvs shows checks no client certificate', set: () => undefined })
}
