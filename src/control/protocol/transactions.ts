import { list, pageNumber } from './check.js'
import type { DestinationSettingsInfo } from './real-servers.js'
import type { Answer, RefusalName } from './refusal.js'
import { BATCH_MAX, ruleChange, type RuleChange } from './rules.js'
import type { ServiceSettingsInfo } from './services.js'
import { takes } from './shape.js'

/** `accepted`: how many rules were staged. `refused`: why the next one was not, if there was one. */
export interface Staged {
  accepted: number
  refused?: { refusal: RefusalName; message: string }
}

/** One of the changes that lead from the current services to the staged ones. */
export interface PlannedChange {
  request: RuleChange
  /** Connections, active and inactive, of the real servers that it touches. */
  connections: number
  /** For an edit: the settings before. */
  was?: ServiceSettingsInfo | DestinationSettingsInfo
}
/** Who sets the director's rules, besides those who ask for changes. */
export type RulesHolder = 'etcd' | 'keepalived.conf'

export interface PlanPage {
  rows: PlannedChange[]
  /** Who may set them back. */
  holder?: RulesHolder
  /** Where the next page starts; null after the last. */
  next: number | null
}

/** What a commit changed: the number of each operation, and the connections of the real servers that it touched. */
export interface Committed {
  changes: Partial<Record<RuleChange['op'], number>>
  connections: number
}

const requests = list(ruleChange, BATCH_MAX)

/** Several rule changes in one request, in order; each may be refused alone. */
export const batches = {
  batch: takes({ requests }).returns<Answer<null>[]>(),
}

/**
 * A transaction of this connection: rules are staged on an empty trial director; then `commit` makes the services the staged
 * ones, or changes nothing if any change is refused. One transaction is open at a time, others wait. It ends with `commit`, with
 * the connection, or after 10 s without a request.
 */
export const transactions = {
  begin: takes({}),
  /** Stages rules in order, up to the first that is refused. */
  stage: takes({ requests }).returns<Staged>(),
  /** A page of the changes that `commit` would make: begin with 0, continue with `next`. */
  plan: takes({ from: pageNumber }).returns<PlanPage>(),
  /** Services and real servers that stay keep connections, counters and scheduler positions. */
  commit: takes({}).returns<Committed>(),
}
