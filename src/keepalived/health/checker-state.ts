import type { MiscCheck, PortChecker, Url } from '../config/tree/checker.js'
import type { CheckResult } from '../checkers/check-result.js'
import { failedLine, succeededLine, urlLine } from './check-lines.js'
import type { ServerOfChecker } from './owners.js'
import { UrlRound } from './url-round.js'

export type Known = 'unknown' | 'up' | 'down'

/** What a check's end means. */
export interface CheckOutcome {
  /** When the next check is due. */
  readonly dueMs: number
  readonly lines: readonly string[]
}

/** These do their retries while the server is down, too, as keepalived does: its return may be seen that much later or sooner. */
const RETRIED_WHILE_DOWN: ReadonlySet<string> = new Set(['TCP_CHECK', 'SMTP_CHECK', 'MISC_CHECK'])

/**
 * A checker of one real server, in time. Whether it is up is unknown until its first check ends; that one is not retried. A later
 * check that fails is done again after delay_before_retry, up to retry times.
 */
export class CheckerState {
  readonly checker: PortChecker | MiscCheck
  readonly server: ServerOfChecker
  known: Known
  /** When it became that; undefined: it was made, and not begun. */
  sinceMs: number | undefined
  /** As it was last told of by mail. */
  said: Known
  /** Of its last check, if it failed. */
  why: string | undefined
  /** The last check that failed, whether or not it counted. */
  lastFailure: { readonly why: string; readonly atMs: number } | undefined
  /** In place of the configured weight: misc_dynamic. */
  weight: number | undefined
  isRunning = false
  /** The next check is not retried: it is the first, or the first of the regular ones after a start that failed. */
  isFirst: boolean
  /** A newer queue entry has taken the place of all with other numbers. */
  turn = 0
  /** When the regular checks begin. */
  firstMs = 0
  beganMs = 0
  /** When the next check begins; undefined: none is to. */
  dueMs: number | undefined
  endedMs: number | undefined
  retries = 0
  readonly #urls: UrlRound | undefined

  constructor(checker: PortChecker | MiscCheck, server: ServerOfChecker, known: Known) {
    this.checker = checker
    this.server = server
    this.known = known
    this.said = known
    this.isFirst = known === 'unknown'
    this.#urls = 'urls' in checker ? new UrlRound(checker.urls) : undefined
  }

  /** Of HTTP_GET and SSL_GET: which is asked now. */
  get url(): Url | undefined {
    return this.#urls?.current
  }

  /** Nothing is known of it, and nothing will be soon: it counts as up. */
  trust(nowMs: number): void {
    if (this.known === 'unknown') this.#become('up', nowMs)
  }

  /** A check has ended: its own state and the time of the next. */
  ended(result: CheckResult, nowMs: number): CheckOutcome {
    this.isRunning = false
    this.endedMs = nowMs
    const failsAtStart = !result.isUp && this.known === 'unknown' && nowMs < this.firstMs
    const verdict = result.isUp ? this.#succeeded(result, nowMs) : this.#failed(result.why, nowMs)
    this.isFirst = failsAtStart
    return verdict
  }

  #succeeded(result: CheckResult & { isUp: true }, nowMs: number): CheckOutcome {
    const { checker, server } = this
    const lines: string[] = []
    this.retries = 0
    this.why = undefined
    this.weight = result.weight
    if (result.note !== undefined) lines.push(`${server.name} VS ${server.service.name}: ${result.note}`)
    if (this.#urls) {
      const { current } = this.#urls
      if (this.known !== 'up') lines.push(urlLine(server.name, current))
      if (!this.#urls.succeeded(this.known === 'up')) {
        const isHasty =
          ('fastRecovery' in checker && checker.fastRecovery) || (this.known === 'unknown' && !this.isAlpha)
        return { dueMs: isHasty ? nowMs : nowMs + checker.delayLoopMs, lines }
      }
    }
    const isNews = this.known !== 'up'
    this.#become('up', nowMs)
    if (isNews) lines.push(succeededLine(checker, server.name, server.service.name))
    return { dueMs: this.#nextRegular(nowMs), lines }
  }

  #failed(why: string, nowMs: number): CheckOutcome {
    const { checker, server } = this
    this.why = why
    this.lastFailure = { why, atMs: nowMs }
    const line = (retries: number): string => failedLine(checker, server.name, server.service.name, retries, why)
    if (this.isRetriedNext) {
      this.retries++
      return { dueMs: nowMs + checker.delayBeforeRetryMs, lines: checker.logAllFailures ? [line(0)] : [] }
    }
    const isNews = this.known !== 'down'
    const lines = isNews || checker.logAllFailures ? [line(this.retries)] : []
    this.retries = 0
    this.#become('down', nowMs)
    this.#urls?.failed()
    return { dueMs: this.#nextRegular(nowMs), lines }
  }

  #become(known: Known, nowMs: number): void {
    if (known !== this.known) this.sinceMs = nowMs
    this.known = known
  }

  /** A check that fails now is done again after delay_before_retry. */
  get isRetriedNext(): boolean {
    const { checker, known } = this
    const isRetried = known !== 'down' || RETRIED_WHILE_DOWN.has(checker.kind)
    return !this.isFirst && isRetried && this.retries < checker.retry
  }

  get isAlpha(): boolean {
    return this.checker.alpha || this.server.options.alpha
  }

  /** A delay_loop after the end of the last check, a script's after its begin; not before the regular checks begin. */
  #nextRegular(nowMs: number): number {
    if (nowMs < this.firstMs) return this.firstMs
    const { checker } = this
    if (checker.kind === 'MISC_CHECK') return Math.max(nowMs, this.beganMs + checker.delayLoopMs)
    return nowMs + checker.delayLoopMs
  }
}
