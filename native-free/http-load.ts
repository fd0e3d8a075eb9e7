import { parseIpv4, type Ipv4Addr } from '../src/wire/addr.js'
import type { Station } from './network.js'
import type { TcpHandler } from './tcp-connection.js'
import type { TcpEndpoint } from './tcp-endpoint.js'

export interface HttpLoadOptions {
  /** Of the service: '10.0.0.100', or an Ipv4Addr. */
  addr: Ipv4Addr | string
  port: number
  /** How many, each on a connection of its own. */
  requests: number
  /** Requests in flight at once. */
  concurrency: number
  /** A request that takes longer, in ms of virtual time, counts as failed. Default: 10 000. */
  timeoutMs?: number
}

/** What `ab` does, in virtual time: `requests` requests, each on its own connection, `concurrency` at once. */
export class HttpLoad implements Station {
  /** Requests that were answered whole, with status 200. */
  answered = 0
  /** Those that were reset, cut short, or not answered in time. */
  failed = 0
  /** Body of an answer → how many answers had it. */
  readonly bodies = new Map<string, number>()
  /** The duration of each answered request, ms of virtual time. */
  readonly tookMs: number[] = []

  readonly #tcp: TcpEndpoint
  readonly #options: Required<HttpLoadOptions>
  readonly #addr: Ipv4Addr
  readonly #deadlines = new Map<object, { due: number; fail: () => void }>()
  #started = 0

  /** RangeError for an address that is none. It begins when it is added to a Network. */
  constructor(tcp: TcpEndpoint, options: HttpLoadOptions) {
    const { addr } = options
    const read = typeof addr === 'string' ? parseIpv4(addr) : addr
    if (read === undefined) throw new RangeError(`addr: '${addr}' is no IPv4 address`)
    this.#addr = read
    this.#tcp = tcp
    this.#options = { timeoutMs: 10_000, ...options }
  }

  /** Every request has been answered or has failed. */
  get done(): boolean {
    return this.answered + this.failed === this.#options.requests
  }

  /** The 99th percentile of the durations, ms. */
  get p99Ms(): number {
    const sorted = [...this.tookMs].sort((a, b) => a - b)
    return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0
  }

  turn(now: number): number {
    for (const { due, fail } of this.#deadlines.values()) if (due <= now) fail()
    const { requests, concurrency } = this.#options
    while (this.#started < requests && this.#deadlines.size < concurrency) this.#begin(now)
    return 0
  }

  #begin(now: number): void {
    const { port, timeoutMs } = this.#options
    this.#started++
    const request = {}
    let answer = ''
    const over = (body: string | undefined): void => {
      if (!this.#deadlines.delete(request)) return
      if (body === undefined) this.failed++
      else this.#count(body, now)
    }
    this.#deadlines.set(request, { due: now + timeoutMs, fail: () => over(undefined) })
    const handler: TcpHandler = {
      opened: conn => conn.write(Buffer.from('GET / HTTP/1.0\r\n\r\n')),
      data: (_, octets) => (answer += Buffer.from(octets).toString('latin1')),
      ended: conn => {
        conn.end()
        over(bodyOf(answer))
      },
      reset: () => over(undefined),
    }
    this.#tcp.connect(this.#addr, port, handler)
  }

  #count(body: string, since: number): void {
    this.answered++
    this.tookMs.push(this.#tcp.now - since)
    this.bodies.set(body, (this.bodies.get(body) ?? 0) + 1)
  }
}

/** The body of a complete 200 answer; undefined for anything else. */
function bodyOf(answer: string): string | undefined {
  const [, status, length, body] = /^HTTP\/1\.1 (\d+) .*?Content-Length: (\d+).*?\r\n\r\n(.*)$/s.exec(answer) ?? []
  return status === '200' && body?.length === Number(length) ? body : undefined
}
