import type { ClientHost } from './client-connection.js'
import { datagramOf, requestDatagram } from './datagrams.js'
import type { Outcome } from './ledger.js'
import type { SimPacket } from './packets.js'

interface Request {
  readonly sinceMs: number
  readonly number: number
  readonly size: number
  got: number
}

/** Where its datagrams go. */
export interface UdpWay {
  readonly port: number
  readonly toPort: number
  send(octets: Uint8Array): void
}

/**
 * The requests that a client makes from one port, one after the other. Nothing is repeated: a request of which a datagram is lost is over
 * when its timeout is. Once an answer came the connection counts as open.
 */
export class UdpClient {
  readonly #host: ClientHost
  readonly #way: UdpWay
  #request: Request | undefined
  #begun = 0
  #isOpen = false

  constructor(host: ClientHost, way: UdpWay) {
    this.#host = host
    this.#way = way
  }

  begin(): void {
    const { ground, random, plan, end } = this.#host
    const size = Math.max(1, Math.round(random.of(plan.size)))
    const request = { sinceMs: this.#now, number: ++this.#begun, size, got: 0 }
    this.#request = request
    ground.ledger.started()
    ground.events.after(plan.timeoutMs, () => {
      if (this.#request === request) this.#fail('timedOut')
    })
    this.#way.send(requestDatagram(this.#way.port, this.#way.toPort, end, request.number, size))
  }
  input(packet: SimPacket): void {
    const request = this.#request
    const datagram = datagramOf(packet)
    if (!request || datagram?.client !== this.#host.end || datagram.request !== request.number) return
    request.got += datagram.payloadLen
    if (request.got < request.size) return
    this.#isOpen = true
    this.#over('answered', request)
    const { ground, random, plan, forget } = this.#host
    if (this.#begun === plan.perConnection) forget()
    else ground.events.after(random.of(plan.think), () => this.begin())
  }
  /** An ICMP error: its program learns of it at once. */
  unreachable(): void {
    if (this.#request) this.#fail('refused')
  }

  get #now(): number {
    return this.#host.ground.events.nowMs
  }
  #fail(outcome: 'refused' | 'timedOut'): void {
    const request = this.#request
    if (request) this.#over(this.#isOpen ? 'broken' : outcome, request)
    this.#host.forget()
  }
  #over(outcome: Outcome, { sinceMs }: Request): void {
    this.#request = undefined
    this.#host.ground.ledger.over(outcome, sinceMs, this.#now, this.#host.end)
  }
}
