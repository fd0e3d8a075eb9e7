import type { MarkRuleInfo, Protocol } from '../../../control/protocol/api.js'
import { UsageError } from '../../../director/options.js'
import { parseCidr } from '../../../wire/addr.js'

const MARK_MAX = 4294967295
/** The same limit as iptables' multiport. */
const PORTS_MAX = 15

/** `uvs director --mark`: 'PROTO CIDR[:PORTS[,…]]=N', such as 'tcp 192.0.2.0/24:80,8000-8099=1'. Without ports: every port. */
export function parseMark(text: string): MarkRuleInfo {
  const [, protocol = '', to = '', ports, mark = ''] =
    /^(\S+) +([^\s:=]*)(?::([^\s=]*))?=(\S*)$/.exec(text.trim()) ?? []
  if (!protocol)
    throw new UsageError(`--mark: '${text}' is not PROTO CIDR:PORTS=N, such as 'tcp 192.0.2.0/24:80,443=1'`)
  return readMarkRule(`--mark: '${text}'`, { protocol, to, ports, dash: '-', mark })
}

/** The words by which a rule is written. */
export interface MarkWords {
  protocol: string
  to: string
  /** undefined: every port. */
  ports: string | undefined
  /** The separator between the ends of a range. */
  dash: '-' | ':'
  mark: string
}

/** Throws a UsageError that names the wrong word, after `where`. */
export function readMarkRule(where: string, { protocol, to, ports, dash, mark }: MarkWords): MarkRuleInfo {
  const wrong = (what: string): UsageError => new UsageError(`${where}: ${what}`)
  if (!isProtocol(protocol)) throw wrong(`'${protocol}' is not tcp, udp or sctp`)
  if (!parseCidr(to)) throw wrong(`'${to}' is neither an IPv4 address nor ADDRESS/PREFIX`)
  const words = ports?.split(',') ?? []
  if (words.length > PORTS_MAX) throw wrong(`${words.length} ports or ranges of them, ${PORTS_MAX} at most`)
  const ranges = words.map(word => {
    const range = readPorts(word, dash)
    if (!range) throw wrong(`'${word}' is neither a port of 0 to 65535 nor a range such as 1000${dash}2000`)
    return range
  })
  const value = /^(\d{1,10}|0x[\da-f]{1,8})$/i.test(mark) ? Number(mark) : NaN
  if (!(value <= MARK_MAX)) throw wrong(`'${mark}' is not a mark of 0 to ${MARK_MAX}`)
  return { protocol, to, ports: ranges, mark: value }
}

function isProtocol(text: string): text is Protocol {
  return text === 'tcp' || text === 'udp' || text === 'sctp'
}

function readPorts(text: string, dash: '-' | ':'): MarkRuleInfo['ports'][number] | undefined {
  const [first = NaN, last = first, ...more] = text
    .split(dash)
    .map(port => (/^\d{1,5}$/.test(port) && Number(port) <= 65_535 ? Number(port) : NaN))
  return first <= last && more.length === 0 ? { first, last } : undefined
}
