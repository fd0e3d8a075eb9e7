/**
 * Refusals by the kernel's errno (ipvs-behaviour.md §14.1). EOPNOTSUPP: not with the director's start options; EPROTO: no valid
 * request; EBUSY: too many clients.
 */
export type RefusalName =
  'EEXIST' | 'ENOENT' | 'ESRCH' | 'EINVAL' | 'ERANGE' | 'ENOMEM' | 'EAFNOSUPPORT' | 'EOPNOTSUPP' | 'EPROTO' | 'EBUSY'

export interface RefusedReply {
  ok: false
  refusal: RefusalName
  message: string
}
export type Answer<T> = { ok: true; value: T } | RefusedReply

/** Thrown for a request that is refused. It becomes the reply. */
export class Refused extends Error {
  readonly refusal: RefusalName

  constructor(refusal: RefusalName, message: string) {
    super(message)
    this.refusal = refusal
  }
}
