import type { RefusalName } from './api.js'

/** The director will not do what it was asked: the reply says so with the kernel's errno. */
export class Refused extends Error {
  readonly refusal: RefusalName

  constructor(refusal: RefusalName, message: string) {
    super(message)
    this.refusal = refusal
  }
}
