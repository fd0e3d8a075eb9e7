import type { Control, Reply, Request } from '../protocol/api.js'
import type { Explanation } from '../protocol/explain.js'
import { HttpRefusal } from './answers.js'

/* The director explains packets to one watch at a time. Here it belongs to who began it: no other reader takes its packets or ends it,
 * nor one of `uvs explain`. Who has no token keeps it only so long, and has few flows that the kernel forwards come up: enough for a client
 * that was clicked. Who has one need not wait for him. */

/** The least time between two watches, in ms: each has flows that the kernel forwards come up once. */
const PAUSE_MS = 1000
/** One that nobody asks for has ended by itself (live-watch.ts). */
const FORGOTTEN_MS = 10_000
/** Of who has no token: how long a watch stays, what share of its time the next one waits, and how many flows come up for it. */
export const UNTRUSTED = { stayMs: 60_000, restShare: 1 / 6, flows: 64 }

/** Octets of Ethernet. */
const ETHERNET = 14

export class Watches {
  readonly #control: Control
  readonly #now: () => number
  #owner: string | undefined
  #begunAt = -Infinity
  #askedAt = -Infinity
  /** Whether the owner has a token. */
  #isTrusted = false
  #restsUntil = -Infinity

  constructor(control: Control, now: () => number = () => performance.now()) {
    this.#control = control
    this.#now = now
  }

  /** `isTrusted`: whether to show what packets carry behind their headers. */
  async answer(
    request: Request<'watch' | 'watched' | 'unwatch'>,
    client: string | undefined,
    isTrusted: boolean,
  ): Promise<Reply> {
    if (client === undefined || !/^[A-Za-z0-9]{16,64}$/.test(client))
      throw new HttpRefusal(400, 'x-uvs-client: not 16 to 64 letters and digits')
    if (request.op === 'watch') return this.#begin(request, client, isTrusted)
    if (client !== this.#owner) return request.op === 'watched' ? OVER : { ok: true, value: null }
    if (request.op === 'unwatch') return this.#end()
    if (this.#isOver) {
      await this.#end()
      return OVER
    }
    return this.#take(request, client, isTrusted)
  }

  async #begin(request: Request<'watch'>, client: string, isTrusted: boolean): Promise<Reply> {
    const wait = this.#begunAt + PAUSE_MS - this.#now()
    if (wait > 0) throw new HttpRefusal(429, 'a watch has begun less than a second ago', 1)
    const forgottenAt = this.#askedAt + FORGOTTEN_MS
    if (this.#owner !== undefined && this.#now() >= forgottenAt) this.#letGo(forgottenAt)
    if (this.#isOver || (isTrusted && !this.#isTrusted && this.#owner !== undefined)) await this.#end()
    const rest = isTrusted ? 0 : this.#restsUntil - this.#now()
    if (rest > 0) throw new HttpRefusal(429, 'a watch has just ended: others may watch now', Math.ceil(rest / 1000))
    const before = this.#begunAt
    this.#begunAt = this.#now()
    const flows = Math.min(request.flows ?? Infinity, UNTRUSTED.flows)
    const reply = await this.#control.call(isTrusted ? request : { ...request, flows })
    if (!reply.ok) this.#begunAt = before
    else {
      this.#owner = client
      this.#isTrusted = isTrusted
      this.#askedAt = this.#now()
    }
    return reply
  }

  /** Whether he has had his time. */
  get #isOver(): boolean {
    return this.#owner !== undefined && !this.#isTrusted && this.#now() >= this.#begunAt + UNTRUSTED.stayMs
  }
  async #end(): Promise<Reply> {
    this.#letGo(this.#now())
    return this.#control.call({ op: 'unwatch' })
  }
  /** The owner's watch ended then. Who has no token rests for a share of its time, also if he let it be forgotten. */
  #letGo(endedAt: number): void {
    const lasted = Math.min(endedAt - this.#begunAt, UNTRUSTED.stayMs)
    if (!this.#isTrusted) this.#restsUntil = endedAt + lasted * UNTRUSTED.restShare
    this.#owner = undefined
  }

  async #take(request: Request<'watched'>, client: string, isTrusted: boolean): Promise<Reply> {
    this.#askedAt = this.#now()
    const reply = await this.#control.call(request)
    if (!reply.ok) return reply
    const { explanations, isOver, ...more } = reply.value
    if (isOver && client === this.#owner) this.#owner = undefined
    return isTrusted ? reply : { ok: true, value: { explanations: explanations.map(withoutPayload), isOver, ...more } }
  }
}

const OVER: Reply<'watched'> = { ok: true, value: { explanations: [], isOver: true } }

/** The same, its octets cut behind the headers: what a packet carries is for those who may change the rules. */
export function withoutPayload(explanation: Explanation): Explanation {
  const octets = Buffer.from(explanation.octets, 'hex')
  return { ...explanation, octets: octets.subarray(0, headersEnd(octets)).toString('hex') }
}

/** Where the headers of an IPv4 packet end; what is not one has only Ethernet's, or is ARP. */
function headersEnd(octets: Buffer): number {
  const type = octets.length >= ETHERNET ? octets.readUInt16BE(12) : 0
  if (type === 0x0806) return octets.length
  if (type !== 0x0800 || octets.length < ETHERNET + 20) return ETHERNET
  const transport = ETHERNET + (octets[ETHERNET]! & 0xf) * 4
  const isLater = (octets.readUInt16BE(ETHERNET + 6) & 0x1fff) !== 0
  if (isLater) return transport
  switch (octets[ETHERNET + 9]) {
    case 6:
      return transport + Math.max(20, ((octets[transport + 12] ?? 0) >> 4) * 4)
    case 132:
      return transport + 12
    default:
      return transport + 8
  }
}
