import { record, type Check, type Checked, type Checks } from './check.js'

/** An operation's parameters with their checks, and the type of its value. */
export class Shape<C extends Checks = Checks, V = unknown> {
  readonly params: C
  /** Checks all parameters together. */
  readonly check: Check<Checked<C>>
  /** A type only: it has no value at run time. */
  declare readonly value: V

  constructor(params: C) {
    this.params = params
    this.check = record(params)
  }

  returns<T>(): Shape<C, T> {
    return this as unknown as Shape<C, T>
  }
}

/** The shape of an operation that returns null; `returns` sets another type. */
export function takes<C extends Checks>(params: C): Shape<C, null> {
  return new Shape(params)
}
