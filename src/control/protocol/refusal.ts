/** Kernel refusals by their errno's name (ipvs-behaviour.md §14.1); EOPNOTSUPP: not as the director was started; EPROTO: the request itself was not understood; EBUSY: too many clients. */
export type RefusalName =
  'EEXIST' | 'ENOENT' | 'ESRCH' | 'EINVAL' | 'ERANGE' | 'ENOMEM' | 'EAFNOSUPPORT' | 'EOPNOTSUPP' | 'EPROTO' | 'EBUSY'

export interface RefusedReply {
  ok: false
  refusal: RefusalName
  message: string
}
export type Answer<T> = { ok: true; value: T } | RefusedReply

/** The director will not do what it was asked: the reply says so with the kernel's errno. */
export class Refused extends Error {
  readonly refusal: RefusalName

  constructor(refusal: RefusalName, message: string) {
    super(message)
    this.refusal = refusal
  }
}
