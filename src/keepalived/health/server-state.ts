import type { FileCheck } from '../config/tree/checker.js'
import { effectOf } from '../checkers/file-check.js'
import type { CheckerState, Known } from './checker-state.js'
import { Growth } from './growth.js'
import type { RealServer } from '../config/tree/virtual-server.js'
import type { ServerOfChecker, ServiceOfServer } from './owners.js'

/** A FILE_CHECK, and the number that its file has. */
export interface FileState {
  readonly checker: FileCheck
  value: number
  /** When it came to that; undefined: as its server did. */
  sinceMs?: number
}

/** A real server of one virtual server: up when all its checkers are, with a weight that checkers may change. */
export class ServerState implements ServerOfChecker {
  options: RealServer
  readonly service: ServiceOfServer
  checkers: CheckerState[] = []
  files: FileState[] = []
  known: Known = 'unknown'
  /** Since when it is that; undefined: it was made, and not begun. */
  sinceMs: number | undefined
  /** Its weight in the rules; undefined: it is not in them. */
  inRules: number | undefined
  /** It should be in the rules, and was refused: the next check that succeeds tries again. */
  isRefused = false
  /** A reload has added it to a service that was there, and nothing is known of it yet. */
  isNew = false
  /** slow_start. */
  readonly growth = new Growth()
  /** As it was last said. */
  shownWeight: number

  readonly #recheck: (server: ServerState, nowMs: number) => void

  constructor(options: RealServer, service: ServiceOfServer, recheck: (server: ServerState, nowMs: number) => void) {
    this.#recheck = recheck
    this.options = options
    this.service = service
    this.shownWeight = options.weight
  }

  /** `[10.1.2.1]:tcp:80`. */
  get name(): string {
    const { address, port } = this.options
    return `[${address}]:${this.service.options.protocol}:${port}`
  }

  recheck(nowMs: number): void {
    this.#recheck(this, nowMs)
  }

  /** What its checkers say together. */
  get verdict(): Known {
    if (this.checkers.some(({ known }) => known === 'down')) return 'down'
    if (this.files.some(({ checker, value }) => !effectOf(checker, value).isUp)) return 'down'
    return this.checkers.some(({ known }) => known === 'unknown') ? 'unknown' : 'up'
  }

  /** Checkers whose state is another than at the last call. That one is well at its first check is no news. */
  takeNews(): CheckerState[] {
    const news = this.checkers.filter(({ known, said }) => known !== said && !(said === 'unknown' && known === 'up'))
    for (const checker of this.checkers) checker.said = checker.known
    return news
  }

  /** The configured weight, and what misc_dynamic and tracked files add to it. */
  get weight(): number {
    const { weight } = this.options
    let sum = weight
    for (const checker of this.checkers) if (checker.weight !== undefined) sum += checker.weight - weight
    for (const { checker, value } of this.files) {
      const effect = effectOf(checker, value)
      if (effect.isUp) sum += effect.added
    }
    return Math.min(Math.max(sum, 0), 0x7fffffff)
  }

  /** A step of slow_start is due; it begins when the server gets connections. */
  grow(nowMs: number): void {
    const isOut = this.inRules === undefined || (this.inRules === 0 && this.weight > 0)
    if (isOut) this.growth.begin(nowMs)
    else this.growth.advance(nowMs, this.options.slowStartMs ?? 0)
    this.recheck(nowMs)
  }

  /** Counted for the quorum: all of it, also while it grows. */
  get liveWeight(): number {
    return this.known === 'up' ? this.weight : 0
  }

  /** What is wrong with it, a few words for each checker. */
  get why(): string | undefined {
    const reasons = this.checkers
      .filter(({ known }) => known === 'down')
      .map(({ checker, why }) => `${checker.kind}: ${why}`)
    for (const { checker, value } of this.files) {
      const effect = effectOf(checker, value)
      if (!effect.isUp) reasons.push(`FILE_CHECK: ${effect.why}`)
    }
    return reasons.length === 0 ? undefined : reasons.join('; ')
  }
}
