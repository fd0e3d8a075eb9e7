import { judgeResponse } from '../../../src/keepalived/checkers/dns-check.js'
import { down, UP, type CheckResult } from '../../../src/keepalived/checkers/check-result.js'
import { HttpAnswer } from '../../../src/keepalived/checkers/http-answer.js'
import { judgeAnswer } from '../../../src/keepalived/checkers/http-get.js'
import { compileRegex } from '../../../src/keepalived/checkers/http-regex.js'
import { judgeEnd } from '../../../src/keepalived/checkers/misc-check.js'
import { peerOf } from '../../../src/keepalived/checkers/peer.js'
import { replyOf } from '../../../src/keepalived/checkers/smtp-reply.js'
import { judgeReply } from '../../../src/keepalived/checkers/udp-check.js'
import type { HttpCheck, UdpCheck, Url } from '../../../src/keepalived/config/tree/checker.js'
import type { CheckerState } from '../../../src/keepalived/health/checker-state.js'
import type { Answer } from './virtual-rig.js'

/** A real server of a recording, as its rig was told to be. */
interface Served {
  readonly mode: 'tcp' | 'http' | 'tls' | 'udp' | 'dns' | 'smtp'
  readonly status?: number | Record<string, number>
  readonly body?: string
  readonly raw?: string
  /** Seconds to the answer; seconds that the connection stays open behind it. */
  readonly delay?: number
  readonly hold?: number
  readonly reply?: string
  readonly rcode?: number | null
  readonly badid?: boolean
  readonly notresponse?: boolean
  readonly greeting?: string
  readonly helo?: string
}

/** How long a check takes that is answered at once: what the recordings show, whose machine was slow. */
const PROMPT_MS = 8

/** The real servers of a recording: what was done to them, and what a check finds. */
export class RecordedNetwork {
  readonly #servers = new Map<string, Served>()
  readonly #silent = new Set<string>()
  readonly #absent = new Set<string>()
  readonly #files = new Map<string, string>()

  /** One of the recording's `do` lines. True: it is the network's. */
  apply(line: string): boolean {
    const [, what = '', rest = ''] = /^(servers|file|rm|ip netns exec rs ip)[: ]+(.*)$/s.exec(line) ?? []
    if (what === 'servers') this.#set(rest)
    else if (what === 'file') this.#files.set(rest.split(':')[0]!, /'(.*)'/s.exec(rest)![1]!.replace('\\n', '\n'))
    else if (what === 'rm') this.#files.delete(rest.replace('@DIR@/', ''))
    else if (what !== '') this.#setAddress(rest)
    return what !== ''
  }

  file(name: string): string | undefined {
    return this.#files.get(name)
  }

  #set(text: string): void {
    const [set = '', closed = ''] = text.split(/ *closed: /)
    for (const one of set.split('; ').filter(found => found.includes('{')))
      this.#servers.set(one.slice(0, one.indexOf(' ')), JSON.parse(one.slice(one.indexOf(' '))) as Served)
    for (const key of closed.split(', ')) this.#servers.delete(key)
  }

  #setAddress(text: string): void {
    const [, kind, how, address = ''] = /^(rule|addr) (add|del) (?:from )?([0-9.]+)/.exec(text)!
    const set = kind === 'rule' ? this.#silent : this.#absent
    if ((kind === 'rule') === (how === 'add')) set.add(address)
    else set.delete(address)
  }

  check({ checker, server, url }: CheckerState): Answer {
    if (checker.kind === 'MISC_CHECK') return this.#misc(checker.isDynamic)
    const { address, port } = peerOf(checker, server.options)
    const { connectTimeoutMs } = checker
    const late = { result: down('late'), tookMs: connectTimeoutMs }
    if (this.#silent.has(address) || this.#absent.has(address)) return late
    if (checker.kind === 'PING_CHECK') return prompt(UP)
    const served = this.#servers.get(`${address}/${port}`)
    if (served === undefined) return prompt(down('refused'))
    if ((served.delay ?? 0) * 1000 > connectTimeoutMs) return late
    const waited = (answer: Answer): Answer => ({ ...answer, tookMs: answer.tookMs + (served.delay ?? 0) * 1000 })
    switch (checker.kind) {
      case 'TCP_CHECK':
        return prompt(UP)
      case 'SMTP_CHECK':
        return waited(prompt(smtp(served)))
      case 'UDP_CHECK':
        return udp(checker, served)
      case 'DNS_CHECK':
        return dns(served) ?? late
      default:
        return 'urls' in checker ? waited(web(checker, url!, served) ?? late) : late
    }
  }

  #misc(isDynamic: boolean): Answer {
    if (this.#files.has('hang')) return { result: down('timed out'), tookMs: 3000 }
    const status = Number(this.#files.get('status') ?? 0)
    const end = this.#files.has('suicide')
      ? ({ kind: 'signalled', signal: 9 } as const)
      : ({ kind: 'exited', status } as const)
    return { result: judgeEnd(end, isDynamic), tookMs: 250 }
  }
}

function prompt(result: CheckResult): Answer {
  return { result, tookMs: PROMPT_MS }
}

/** Undefined: the answer had no end. */
function web(checker: HttpCheck, url: Url, served: Served): Answer | undefined {
  if ((checker.kind === 'SSL_GET') !== (served.mode === 'tls')) return prompt(down('no TLS'))
  const answer = new HttpAnswer({ digest: url.digest !== undefined, text: url.regex !== undefined })
  const { status = 200, body = 'ok\n' } = served
  const code = typeof status === 'number' ? status : (status[url.path] ?? 404)
  const head = `HTTP/1.1 ${code} X\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close`
  const isWhole = answer.take(Buffer.from(served.raw ?? `${head}\r\n\r\n${body}`, 'latin1'))
  if (!isWhole && served.hold !== undefined) return undefined
  return prompt(judgeAnswer(answer, url, url.regex === undefined ? undefined : compileRegex(url)))
}

function smtp({ greeting = '220 rs.example.com ESMTP\r\n', helo = '250 hello\r\n' }: Served): CheckResult {
  if (replyOf(greeting)?.code !== 220) return down('greeting')
  return replyOf(helo)?.code === 250 ? UP : down('HELO')
}

function udp(checker: UdpCheck, { reply }: Served): Answer {
  if (reply !== undefined) return prompt(judgeReply(checker, Buffer.from(reply, 'hex')))
  return { result: checker.requireReply ? down('silence') : UP, tookMs: checker.connectTimeoutMs }
}

/** Undefined: no response to this query. */
function dns({ rcode = 0, badid, notresponse }: Served): Answer | undefined {
  if (rcode === null) return undefined
  const reply = Buffer.alloc(12)
  reply.writeUInt16BE(badid ? 0 : 7, 0)
  reply.writeUInt16BE((notresponse ? 0x0100 : 0x8100) | rcode, 2)
  const result = judgeResponse(7, reply)
  return result && prompt(result)
}
