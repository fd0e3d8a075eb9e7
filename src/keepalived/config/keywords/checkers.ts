import { block, flag, word } from '../arguments.js'
import type { Keyword, Parser, Table } from '../parser.js'
import { commandOf, hasDefaultUser, isUser, noteScript, stateOf } from '../script-line.js'
import type { Checker, FileCheck, MiscCheck } from '../tree/checker.js'
import { signedOf, unsignedOf } from '../numbers.js'
import { familyOfServer, timing, type Timing } from './checker-common.js'
import { HTTP_KEYWORDS, type HttpDraft } from './http-check.js'
import {
  plainCheck,
  DNS_KEYWORDS,
  type DnsDraft,
  SMTP_KEYWORDS,
  type SmtpDraft,
  type PlainDraft,
  PLAIN_KEYWORDS,
} from './port-checks.js'
import { UDP_KEYWORDS, type UdpDraft } from './udp-check.js'
import { nameOfReal, type OpenRealServer } from './open.js'

type MiscDraft = Omit<MiscCheck, keyof Timing> & Timing & { isRefused?: boolean }

/** A checker; what it leaves open is filled in when the whole file is read. */
function checker<C extends object>(
  table: Table<C>,
  create: () => C,
  close: (found: C, open: OpenRealServer, parser: Parser) => boolean = () => true,
  unsupported?: string,
): Keyword<OpenRealServer> {
  return block<OpenRealServer, C>({
    table,
    ...(unsupported !== undefined && { unsupported }),
    open(_line, { real }) {
      const found = create()
      familyOfServer.set(found, real.family)
      return found
    },
    close(found, open, parser) {
      if (close(found, open, parser)) open.real.checkers.push(found as unknown as Checker)
    },
  })
}

const http = (kind: 'HTTP_GET' | 'SSL_GET'): Keyword<OpenRealServer> =>
  checker<HttpDraft>(
    HTTP_KEYWORDS,
    () => ({ kind, urls: [], httpProtocol: '1.0', fastRecovery: false, enableSni: false, fwmark: 0 }),
    (found, _open, parser) => {
      if (found.urls.length === 0)
        parser.error('HTTP/SSL_GET checker has no urls specified - ignoring', 'write url { path / }')
      return found.urls.length > 0
    },
  )

const MISC_KEYWORDS: Table<MiscDraft> = {
  ...withoutTimeout(),
  misc_path: {
    takes: '<COMMAND>',
    takesAll: true,
    read(line, found, parser) {
      const command = commandOf(line, parser)
      if (command && command.words.length > 0) found.script = { words: command.words, text: command.text }
    },
  },
  misc_timeout: {
    takes: '<SECONDS>',
    initial: '0: delay_loop',
    read(line, found, parser) {
      const text = parser.needed(line)
      const value = unsignedOf(text, { least: 0, most: 4_294 }, parser)
      if (value === undefined) parser.error(`Invalid misc_timeout value '${text}'`)
      else found.timeoutMs = value * 1000
    },
  },
  misc_dynamic: flag(found => void (found.isDynamic = true)),
  user: {
    takes: '<USER> [<GROUP>]',
    read(line, found, parser) {
      const [, user] = line.words
      if (user === undefined) {
        parser.error(`No user specified for misc checker script '${found.script?.text ?? ''}'`)
        return
      }
      Object.assign(found, { user, ...(line.words[2] !== undefined && { group: line.words[2] }) })
      if (isUser(user, line.words[2], parser)) return
      parser.error(`Failed to set uid/gid for misc checker script '${found.script?.text ?? ''}' - removing`)
      found.isRefused = true
    },
  },
}

function withoutTimeout(): Table<MiscDraft> {
  const { connect_timeout: _none, ...others } = timing<MiscDraft>()
  return others
}

/** As keepalived writes a command: each word in quotes. */
const wordsOf = ({ words }: { readonly words: readonly string[] }): string => words.map(word => `'${word}'`).join(' ')

function closeMisc(found: MiscDraft, { config }: OpenRealServer, parser: Parser): boolean {
  if (found.script === undefined) {
    parser.error('No script path has been specified for MISC_CHECKER - skipping')
    return false
  }
  if (found.isRefused) return false
  if (!hasDefaultUser(found.user, config, parser)) {
    parser.error(`Unable to set default user for misc script ${wordsOf(found.script)} - removing`)
    return false
  }
  const { user } = found
  const script = { ...found.script, ...(user !== undefined && { user }) }
  const mayRun = noteScript(script, 'check ', config, parser, 'the check is left out, and the server counts as up')
  return mayRun && ['runs', 'insecure'].includes(stateOf(script, parser))
}

const FILE_KEYWORDS: Table<FileCheck & { open: OpenRealServer }> = {
  track_file: word({
    takes: '<NAME>',
    set(found, name, parser) {
      if (found.open.config.trackFiles.some(file => file.name === name)) found.trackFile = name
      else parser.error(`track_file ${name} not found`, 'it must be defined above')
    },
  }),
  weight: {
    takes: '<-2147483647-2147483647> [reverse]',
    takesAll: true,
    initial: "the track_file's",
    read(line, found, parser) {
      const [, text] = line.words
      if (text === undefined) {
        parser.error('track file weight missing')
        return
      }
      const value = signedOf(text, { least: -2_147_483_647, most: 2_147_483_647 }, parser)
      if (value === undefined)
        parser.error('weight for track file must be in [-2147483647..2147483647] inclusive. Ignoring...')
      else found.weight = value
      if (line.words[2] === 'reverse') found.isReverse = true
      else if (line.words[2] !== undefined) parser.error(`unknown track file weight option ${line.words[2]} - ignoring`)
    },
  },
}

const fileCheck: Keyword<OpenRealServer> = block<OpenRealServer, FileCheck & { open: OpenRealServer }>({
  table: FILE_KEYWORDS,
  open: (_line, open) => ({ kind: 'FILE_CHECK', weight: 1, isReverse: false, open }),
  close({ open, ...found }, _parent, parser) {
    if (found.trackFile === undefined) parser.error('FILE_CHECK has no track_file specified - ignoring')
    else open.real.checkers.push(found)
  },
})

const bfdCheck: Keyword<OpenRealServer> = block<
  OpenRealServer,
  { name?: string; alpha?: boolean; open: OpenRealServer }
>({
  unsupported: 'uvs has no BFD: the check is left out',
  table: {
    name: {
      takes: '<NAME>',
      read(line, found, parser) {
        const [, name, extra] = line.words
        if (name === undefined || extra !== undefined) {
          parser.error(`(${nameOfReal(found.open)}) BFD_CHECK - No or too many names specified - skipping checker`)
          return
        }
        found.name = name
        if (!found.open.config.bfds.includes(name))
          parser.error(`(${nameOfReal(found.open)}) BFD_CHECK - BFD ${name} not configured`)
      },
    },
    alpha: timing<Timing>()['alpha'] as unknown as Keyword<{ name?: string; alpha?: boolean; open: OpenRealServer }>,
  },
  open: (_line, open) => ({ open }),
  close({ name, open }, _parent, parser) {
    if (name === undefined) parser.error(`(${nameOfReal(open)}) No name has been specified for BFD_CHECKER - skipping`)
  },
})

/** A real_server's checkers. */
export function checkerKeywords(): Table<OpenRealServer> {
  return {
    HTTP_GET: http('HTTP_GET'),
    SSL_GET: http('SSL_GET'),
    TCP_CHECK: checker<PlainDraft>(PLAIN_KEYWORDS, () => plainCheck('TCP_CHECK')),
    PING_CHECK: checker<PlainDraft>(PLAIN_KEYWORDS, () => plainCheck('PING_CHECK')),
    DNS_CHECK: checker<DnsDraft>(DNS_KEYWORDS, () => ({ kind: 'DNS_CHECK', type: 'SOA', name: '.', fwmark: 0 })),
    SMTP_CHECK: checker<SmtpDraft>(SMTP_KEYWORDS, () => ({
      kind: 'SMTP_CHECK',
      heloName: 'smtpchecker.keepalived.org',
      fwmark: 0,
    })),
    UDP_CHECK: checker<UdpDraft>(
      UDP_KEYWORDS,
      () => ({ kind: 'UDP_CHECK', requireReply: false, minReplyLength: 0, maxReplyLength: 255, fwmark: 0 }),
      ({ minReplyLength, maxReplyLength }, _open, parser) => {
        if (minReplyLength > maxReplyLength)
          parser.error(
            `UDP_CHECK min_reply length ${minReplyLength} > max_reply_length ${maxReplyLength} - will always fail`,
          )
        return true
      },
    ),
    MISC_CHECK: checker<MiscDraft>(
      MISC_KEYWORDS,
      () => ({ kind: 'MISC_CHECK', timeoutMs: 0, isDynamic: false }),
      closeMisc,
    ),
    FILE_CHECK: fileCheck,
    BFD_CHECK: bfdCheck,
  }
}
