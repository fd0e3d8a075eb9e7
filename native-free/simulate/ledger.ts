import type { Latency, RequestTotals, TimelineEvent } from './result.js'
import type { Loss } from './scenario/check-scenario.js'

export type Outcome = 'answered' | 'broken' | 'refused' | 'timedOut'

export interface Failed {
  readonly sinceMs: number
  readonly atMs: number
}

/** What happened in one interval. */
export class Interval {
  started = 0
  answered = 0
  broken = 0
  failed = 0
  flood = 0
  readonly tookMs: number[] = []
  /** Frames lost outside of directors, by reason. */
  readonly lost = new Map<string, number>()
}

/** Counts what happens, and remembers when requests that failed had begun. */
export class Ledger {
  readonly totals = { started: 0, answered: 0, broken: 0, refused: 0, timedOut: 0, moved: 0 }
  readonly events: TimelineEvent[] = []
  /** Requests that failed: when each had begun, and when it failed. */
  readonly failures: Failed[] = []
  interval = new Interval()
  /** Requests that broke, by real server. */
  readonly brokenOn = new Map<string, number>()
  readonly #tookMs: number[] = []
  /** By the client's end of a connection: the real server that took it. */
  readonly #placed = new Map<string, string>()

  started(): void {
    this.totals.started++
    this.interval.started++
  }
  /** A real server has taken a connection. `client`: its end as the real server sees it, so not of FULLNAT. */
  placed(client: string, server: string): void {
    this.#placed.set(client, server)
  }
  /** A real server got a request by UDP. Returns whether it is the first that it got of this client since another had one. */
  asked(client: string, server: string): boolean {
    const before = this.#placed.get(client)
    if (before === server) return false
    if (before !== undefined) this.totals.moved++
    this.#placed.set(client, server)
    return true
  }
  over(outcome: Outcome, sinceMs: number, nowMs: number, client: string): void {
    this.totals[outcome]++
    const server = this.#placed.get(client)
    if (outcome === 'broken' && server !== undefined) this.brokenOn.set(server, (this.brokenOn.get(server) ?? 0) + 1)
    if (outcome === 'answered') {
      this.interval.answered++
      this.interval.tookMs.push(nowMs - sinceMs)
      this.#tookMs.push(nowMs - sinceMs)
      return
    }
    this.interval.failed++
    if (outcome === 'broken') this.interval.broken++
    this.failures.push({ sinceMs, atMs: nowMs })
  }
  /** The connection is over. */
  gone(client: string): void {
    this.#placed.delete(client)
  }
  lost(reason: Loss): void {
    const { lost } = this.interval
    lost.set(reason, (lost.get(reason) ?? 0) + 1)
  }
  event(atMs: number, kind: TimelineEvent['kind'], text: string, isOutcome: boolean): void {
    this.events.push({ atMs: rounded(atMs), kind, text, isOutcome })
  }

  /** Returns what has happened since the last call. */
  next(): Interval {
    const { interval } = this
    this.interval = new Interval()
    return interval
  }

  requests(): RequestTotals {
    const { started, answered, broken, refused, timedOut, moved } = this.totals
    const unfinished = started - answered - broken - refused - timedOut
    return { started, answered, broken, refused, timedOut, unfinished, moved, latencyMs: latencyOf(this.#tookMs) }
  }
}

function latencyOf(tookMs: readonly number[]): Latency {
  const sorted = tookMs.toSorted((a, b) => a - b)
  return {
    p50: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1),
  }
}

/** Of sorted numbers; 0 of none. */
export function quantile(sorted: readonly number[], share: number): number {
  return rounded(sorted[Math.ceil(sorted.length * share) - 1] ?? 0)
}

/** To whole µs of ms: what is behind them is floating point's. */
export function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
export function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 100
}
