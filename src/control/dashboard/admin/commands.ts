import type {
  Control,
  DestinationKey,
  PlannedChange,
  RefusedReply,
  RuleChange,
  ServiceKey,
} from '../../protocol/api.js'

/* What the commands know, which stand above: how rules are written, and how a real server is drained. They are handed in. */

export interface ParsedRule {
  request: RuleChange
  /** The line for a reader, if the director refuses it. */
  refused(reply: RefusedReply): Error
}

export interface DrainAsked {
  service: ServiceKey
  server: DestinationKey
  deadlineS: number
  /** What the deadline does with what is left. */
  afterwards: 'keep' | 'reset'
}

export interface Commands {
  /** Lines as uvsadm takes them. Throws an Error of one line, which names the bad one. */
  parse(text: string): AsyncIterable<ParsedRule>
  /** As `uvs plan` says it. */
  planText(changes: readonly PlannedChange[]): string
  /** As uvsadm would be told. */
  lines(changes: readonly PlannedChange[]): string[]
  /** Drains as `uvs drain`, and tells how far it is, a JSON object at a time. Rejects if it cannot begin. */
  drain(asked: DrainAsked, control: Control, tell: (progress: object) => void, stop: AbortSignal): Promise<void>
  /** `-t 10.0.0.1:80`, `10.0.0.2:80`. */
  names(asked: Pick<DrainAsked, 'service' | 'server'>): { service: string; server: string }
}
