/**
 * What went wrong:
 * - unreachable: no endpoint answered within its time, or none could carry it out now; trying again may help.
 * - refused: etcd has understood, and will not; `code` says why, by gRPC's numbers.
 * - compacted: the revision asked for is gone.
 * - malformed: what answers is not etcd's JSON gateway.
 */
export type EtcdFailure = 'unreachable' | 'refused' | 'compacted' | 'malformed'

interface Particulars {
  /** gRPC's number of the failure, if etcd said one. */
  readonly code?: number | undefined
  /** Whether a change may have been carried out nonetheless: its answer was lost. */
  readonly mayBeDone?: boolean
  /** Whether it stays so until somebody changes options or certificates. */
  readonly lasts?: boolean
}

/** The message is one line for the user. */
export class EtcdError extends Error {
  readonly kind: EtcdFailure
  readonly code: number | undefined
  readonly mayBeDone: boolean
  readonly lasts: boolean

  constructor(kind: EtcdFailure, message: string, { code, mayBeDone = false, lasts = false }: Particulars = {}) {
    super(message)
    this.kind = kind
    this.code = code
    this.mayBeDone = mayBeDone
    this.lasts = lasts
  }
}
