import { record, type Check, type Checked, type Checks } from './check.js'

/** What an operation takes, each parameter with its check, and the type of what it returns. */
export class Shape<C extends Checks = Checks, V = unknown> {
  readonly params: C
  /** Of all parameters together. */
  readonly check: Check<Checked<C>>
  /** Only its type is there. */
  declare readonly value: V

  constructor(params: C) {
    this.params = params
    this.check = record(params)
  }

  returns<T>(): Shape<C, T> {
    return this as unknown as Shape<C, T>
  }
}

/** Of an operation that returns null, unless `returns` says otherwise. */
export function takes<C extends Checks>(params: C): Shape<C, null> {
  return new Shape(params)
}
