import { block, word } from '../arguments.js'
import type { Table } from '../parser.js'
import type { CheckTarget, DnsCheck, PingCheck, SmtpCheck, TcpCheck } from '../tree/checker.js'
import { connection, familyOfServer, timing, type Timing } from './checker-common.js'

export type PlainDraft = Omit<TcpCheck | PingCheck, keyof Timing> & Timing
export type DnsDraft = Omit<DnsCheck, keyof Timing> & Timing
export type SmtpDraft = Omit<SmtpCheck, keyof Timing> & Timing

/** TCP_CHECK and PING_CHECK: nothing of their own. */
export const PLAIN_KEYWORDS: Table<PlainDraft> = { ...timing<PlainDraft>(), ...connection<PlainDraft>() }

export function plainCheck(kind: 'TCP_CHECK' | 'PING_CHECK'): PlainDraft {
  return { kind, fwmark: 0 }
}

const DNS_TYPES = ['A', 'NS', 'CNAME', 'SOA', 'MX', 'TXT', 'AAAA']

export const DNS_KEYWORDS: Table<DnsDraft> = {
  ...timing<DnsDraft>(),
  ...connection<DnsDraft>(),
  type: word({
    takes: `<${DNS_TYPES.join('|')}>`,
    initial: 'SOA',
    set(checker, text, parser) {
      if (DNS_TYPES.includes(text.toUpperCase())) checker.type = text.toUpperCase()
      else parser.error(`Unknown DNS check type ${text} - ignoring`, `allowed: ${DNS_TYPES.join(', ')}`)
    },
  }),
  name: word({
    takes: '<NAME>',
    initial: '.',
    set(checker, text, parser) {
      if (/\.\.|^\..|^.\./.test(text)) parser.error(`DNS_CHECK name '${text}' has empty label - ignoring`)
      else checker.name = text
    },
  }),
}

export const SMTP_KEYWORDS: Table<SmtpDraft> = {
  ...timing<SmtpDraft>(),
  ...connection<SmtpDraft>({ knowsServer: false }),
  helo_name: word({
    takes: '<NAME>',
    none: 'SMTP_CHECK helo name missing',
    initial: 'smtpchecker.keepalived.org',
    set: (checker, name) => void (checker.heloName = name),
  }),
  // Its addresses are of one family by themselves, whatever stands around it.
  host: block<SmtpDraft, CheckTarget>({
    table: connection(),
    open(_line, checker, parser) {
      parser.warn('The SMTP_CHECK host block is deprecated. Please define additional checkers.')
      const host = { fwmark: checker.fwmark }
      const family = familyOfServer.get(checker)
      if (family) familyOfServer.set(host, family)
      return host
    },
    close: (host, checker) => void Object.assign(checker, host),
  }),
}
