import { isSame } from './is-same.js'

/** Objects whose order counts, and of which several may be alike. They are only ever read all at once. */
export class OrderedList<T> {
  #values: readonly T[] = []

  /** The same list until something changes. */
  values(): readonly T[] {
    return this.#values
  }

  /** From now on there are these. Whether that differs from what was. */
  replaceAll(values: readonly T[]): boolean {
    const before = this.#values
    if (isSame(before, values)) return false
    this.#values = values.map((value, i) => (isSame(before[i], value) ? before[i]! : value))
    return true
  }
}
