import type { Wanted } from '../../../../control/dashboard/rules-work.js'
import type { MarkRuleInfo, Request, RulesHolder, ServiceKey } from '../../../../control/protocol/api.js'
import type { DataPlaneOptions } from '../../../../plane/data-plane-options.js'

/** Start data of the thread: what a trial director is made of. All of it can be cloned. */
export interface DeskData extends Pick<DataPlaneOptions, 'devices' | 'director' | 'schedulers' | 'workers' | 'host'> {
  /** Who sets the rules besides those who ask for changes. */
  holder?: RulesHolder
  /** The director puts VIPs on an interface for a BGP daemon. */
  areAnnounced?: boolean
}

/** A method of RulesWork and its arguments. */
export type Work =
  | { name: 'plan'; wanted: Wanted }
  | { name: 'take'; plan: string; from: number }
  | { name: 'lint'; service: ServiceKey | undefined }

/** Main thread → desk: work, or the director's answer to what the desk has read, as JSON. */
export type ToDesk = { id: number; work: Work; marks: readonly MarkRuleInfo[] } | { read: number; json: string }

/** Desk → main thread: what came of the work, or what it wants to read of the director. */
export type FromDesk =
  | { id: number; value: unknown }
  | { id: number; refused: { status: number; message: string } }
  | { read: number; request: Request }
