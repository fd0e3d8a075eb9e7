import { list, pageNumber } from './check.js'
import type { DestinationSettingsInfo } from './real-servers.js'
import type { Answer, RefusalName } from './refusal.js'
import { BATCH_MAX, ruleChange, type RuleChange } from './rules.js'
import type { ServiceSettingsInfo } from './services.js'
import { takes } from './shape.js'

/** How many were taken; the one behind them was refused, if there is one. */
export interface Staged {
  accepted: number
  refused?: { refusal: RefusalName; message: string }
}

/** A change that makes the services what was staged. */
export interface PlannedChange {
  request: RuleChange
  /** Live connections, active and inactive, of the real servers that it touches. */
  connections: number
  /** Of an edit: the settings before. */
  was?: ServiceSettingsInfo | DestinationSettingsInfo
}
export interface PlanPage {
  rows: PlannedChange[]
  /** Where the next page starts; null after the last. */
  next: number | null
}

/** What a transaction has changed: how often each operation, and the live connections of the real servers touched. */
export interface Committed {
  changes: Partial<Record<RuleChange['op'], number>>
  connections: number
}

const requests = list(ruleChange, BATCH_MAX)

/** Changes of rules, each for itself and in order, at one go. */
export const batches = {
  batch: takes({ requests }).returns<Answer<null>[]>(),
}

/**
 * A transaction of this connection: rules are staged on an empty director, then the services become what was staged, or,
 * should anything be refused, stay as they are. One is open at a time, others wait; it ends with `commit`, with the
 * connection, and after 10 s without a request.
 */
export const transactions = {
  begin: takes({}),
  /** Rules, in order, up to the first that is refused. */
  stage: takes({ requests }).returns<Staged>(),
  /** A page of what `commit` would change: begin with 0, go on with `next`. */
  plan: takes({ from: pageNumber }).returns<PlanPage>(),
  /** Keeps connections, counters and scheduler positions of everything that stays. */
  commit: takes({}).returns<Committed>(),
}
