import type { Refusal } from './api.js'

/** The director will not do what it was asked: the reply says so with the kernel's errno. */
export class Refused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal, message: string) {
    super(message)
    this.refusal = refusal
  }
}
