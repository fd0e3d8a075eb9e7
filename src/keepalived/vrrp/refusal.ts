/** Why an advert is refused, in the order of the tests. */
export const REFUSALS = [
  'ip-header',
  'ip-checksum',
  'fragment',
  'too-short',
  'unknown-vrid',
  'not-listening',
  'own-source',
  'destination',
  'unicast-source',
  'ttl',
  'ah-missing',
  'ah-unexpected',
  'ah-header',
  'ah-sequence',
  'ah-icv',
  'version',
  'length',
  'checksum',
  'type',
  'auth-type',
  'password',
  'interval',
  'address-count',
  'addresses',
] as const

export type RefusalReason = (typeof REFUSALS)[number]

export interface AdvertRefusal {
  readonly reason: RefusalReason
  /** What was received and what is expected. */
  readonly text: string
}

export type RefusalCounts = Readonly<Record<RefusalReason, number>>

/** Between two log lines about the same reason. */
const QUIET_MS = 60_000

/** Counts refusals by reason, and says when one is worth a log line: the first, and one a minute. */
export class RefusalCounter {
  readonly #counts = Object.fromEntries(REFUSALS.map(reason => [reason, 0])) as Record<RefusalReason, number>
  readonly #saidAtMs = new Map<RefusalReason, number>()
  readonly #unsaid = new Map<RefusalReason, number>()

  get counts(): RefusalCounts {
    return this.#counts
  }

  /** Returns a log line, or undefined. */
  count({ reason, text }: AdvertRefusal, nowMs: number): string | undefined {
    this.#counts[reason]++
    const saidAt = this.#saidAtMs.get(reason)
    const unsaid = this.#unsaid.get(reason) ?? 0
    if (saidAt !== undefined && nowMs - saidAt < QUIET_MS) {
      this.#unsaid.set(reason, unsaid + 1)
      return undefined
    }
    this.#saidAtMs.set(reason, nowMs)
    this.#unsaid.set(reason, 0)
    return unsaid > 0 ? `${text} (and ${unsaid} more refused for ${reason})` : text
  }
}
