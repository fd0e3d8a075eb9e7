import { TcpFlag } from '../../src/wire/tcp.js'
import type { TcpConnection, TcpHandler } from '../tcp-connection.js'
import type { Ground } from './ground.js'
import type { Outcome } from './ledger.js'
import type { RandomValues } from './random-values.js'
import { putRequest } from './request.js'
import type { ClientGroup } from './scenario/scenario.js'
import { MOST_REPEATS } from './tcp-ends.js'

/** What a client's connection needs of its host. */
export interface ClientHost {
  readonly ground: Ground
  readonly random: RandomValues
  readonly plan: ClientGroup
  /** The connection's end here. */
  readonly end: string
  forget(): void
}
export interface TcpClientHost extends ClientHost {
  /** Sends RST, as a program does that closes with octets unread. */
  abort(): void
}

interface Request {
  readonly sinceMs: number
  readonly size: number
  got: number
}

/** A connection of a client: its requests, one after the other, and what becomes of each. */
export class ClientConnection implements TcpHandler {
  readonly #host: TcpClientHost
  #request: Request | undefined
  #left: number
  #isOpen = false
  #isOver = false
  /** Repeats until the peer was last heard. */
  #repeats = 0

  constructor(host: TcpClientHost) {
    this.#host = host
    this.#left = host.plan.perConnection
  }

  /** With its first request, whose time counts from the SYN. */
  begin(conn: TcpConnection): void {
    this.#next()
    conn.handler = this
    conn.open(this.#now)
  }
  /** Once in a while: has it given up? */
  look(conn: TcpConnection): void {
    if (this.#isOver && conn.retransmits - this.#repeats > MOST_REPEATS) this.#host.forget()
  }

  opened(conn: TcpConnection): void {
    this.#isOpen = true
    this.#ask(conn)
  }
  data(conn: TcpConnection, octets: Uint8Array): void {
    this.#repeats = conn.retransmits
    const request = this.#request
    if (!request) return
    request.got += octets.length
    if (request.got < request.size) return
    this.#end('answered')
    if (this.#left === 0) return
    const { events } = this.#host.ground
    events.after(this.#host.random.of(this.#host.plan.think), () => {
      if (this.#isOver) return
      this.#next()
      this.#ask(conn)
    })
  }
  /** Without an answer: its queue was full. */
  ended(conn: TcpConnection): void {
    const request = this.#request
    if (request) this.#end(request.got === 0 ? 'refused' : 'broken')
    this.#isOver = true
    conn.end()
  }
  reset(): void {
    if (this.#isOver) return
    // Between two requests, too, it breaks for its client.
    if (!this.#request && this.#left > 0) this.#next()
    if (this.#request) this.#end(this.#isOpen ? 'broken' : 'refused')
    this.#isOver = true
  }
  /** An ICMP error about it: of an open connection it may pass. */
  unreachable(): void {
    if (this.#isOpen || this.#isOver) return
    this.#end('refused')
    this.#isOver = true
    this.#host.forget()
  }

  get #now(): number {
    return this.#host.ground.events.nowMs
  }

  #next(): void {
    const { ground, random, plan } = this.#host
    const request = { sinceMs: this.#now, size: Math.max(1, Math.round(random.of(plan.size))), got: 0 }
    this.#request = request
    this.#left--
    ground.ledger.started()
    ground.events.after(plan.timeoutMs, () => {
      if (this.#request !== request) return
      this.#end(this.#isOpen ? 'broken' : 'timedOut')
      this.#isOver = true
      this.#host.abort()
    })
  }
  #ask(conn: TcpConnection): void {
    if (this.#request) conn.write(putRequest(this.#request.size, this.#left === 0))
  }
  #end(outcome: Outcome): void {
    const request = this.#request
    this.#request = undefined
    if (request) this.#host.ground.ledger.over(outcome, request.sinceMs, this.#now, this.#host.end)
    if (outcome !== 'answered') this.#left = 0
    else if (this.#left === 0) this.#isOver = true
  }
}

export const RST_ACK = TcpFlag.RST | TcpFlag.ACK
