import type { Control, DestinationKey, PlannedChange, ServiceKey } from '../../protocol/api.js'

/* What the commands know, which stand above: how rules are written, and how a real server is drained. They are handed in. */

export interface DrainAsked {
  service: ServiceKey
  server: DestinationKey
  deadlineS: number
  /** What the deadline does with what is left. */
  afterwards: 'keep' | 'reset'
}

export interface Commands {
  /** As uvsadm would be told. */
  lines(changes: readonly PlannedChange[]): string[]
  /** Drains as `uvs drain`, and tells how far it is, a JSON object at a time. Rejects if it cannot begin. */
  drain(asked: DrainAsked, control: Control, tell: (progress: object) => void, stop: AbortSignal): Promise<void>
  /** `-t 10.0.0.1:80`, `10.0.0.2:80`. */
  names(asked: Pick<DrainAsked, 'service' | 'server'>): { service: string; server: string }
}
