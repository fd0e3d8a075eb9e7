import type { Flow } from './fleet-router.js'

/** What fleet-client.ts is to do: so many downloads from each address, each at `rate` octets a second; and ask each of `asks` every `paceMs`. */
export interface ClientOrders {
  downloads: Record<string, number>
  asks: readonly string[]
  rate: number
  paceMs: number
  bigPath: string
}

/** Of a request. Times are ms since 1970. */
export interface Asked {
  kind: 'asked'
  vip: string
  atMs: number
  tookMs: number
  /** Why nobody answered. */
  error?: string
}
/** A download has begun, or ended. */
export interface Begun {
  kind: 'begun'
  vip: string
  port: number
  atMs: number
}
export interface Ended {
  kind: 'ended'
  vip: string
  port: number
  atMs: number
  error: string
}
/** The octets of each download that goes on, by its port. */
export interface Pulse {
  kind: 'pulse'
  atMs: number
  octets: [port: number, octets: number][]
}
export type ClientNews = Asked | Begun | Ended | Pulse

/** What the client has told so far. */
export class FleetNews {
  readonly asked: Asked[] = []
  /** Downloads that had begun. */
  readonly ended: Ended[] = []
  /** Those that go on. */
  readonly flows = new Map<number, Flow>()
  pulse: Pulse | undefined

  /** Takes whole lines. */
  take(lines: readonly string[]): void {
    for (const line of lines.filter(line => line.startsWith('{'))) this.#hear(JSON.parse(line) as ClientNews)
  }

  #hear(news: ClientNews): void {
    if (news.kind === 'asked') this.asked.push(news)
    else if (news.kind === 'pulse') this.pulse = news
    else if (news.kind === 'begun') this.flows.set(news.port, { vip: news.vip as Flow['vip'], port: news.port })
    else if (this.flows.delete(news.port)) this.ended.push(news)
  }
}
