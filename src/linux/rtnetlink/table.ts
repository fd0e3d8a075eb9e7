import { isSame } from './is-same.js'

/** Objects of one kind by their keys. What is told again and did not change stays the same object. */
export class Table<T> {
  readonly #keyOf: (value: T) => string | number
  #values = new Map<string | number, T>()
  #list: readonly T[] | undefined

  constructor(keyOf: (value: T) => string | number) {
    this.#keyOf = keyOf
  }

  get(key: string | number): T | undefined {
    return this.#values.get(key)
  }
  /** The same list until something changes. */
  values(): readonly T[] {
    return (this.#list ??= [...this.#values.values()])
  }

  /** Whether that is news. */
  set(value: T): boolean {
    const key = this.#keyOf(value)
    const before = this.#values.get(key)
    if (before !== undefined && isSame(before, value)) return false
    this.#values.set(key, value)
    return this.#changed(true)
  }
  /** Whether there was one of its key. */
  delete(value: T): boolean {
    return this.#changed(this.#values.delete(this.#keyOf(value)))
  }
  /** Deletes those; whether there were any. */
  deleteWhere(isSo: (value: T) => boolean): boolean {
    const size = this.#values.size
    for (const [key, value] of this.#values) if (isSo(value)) this.#values.delete(key)
    return this.#changed(this.#values.size < size)
  }

  /** From now on there are these, in their order. Whether that differs from what was. */
  replaceAll(values: readonly T[]): boolean {
    const before = this.#values
    const after = new Map<string | number, T>()
    let isNews = false
    for (const value of values) {
      const key = this.#keyOf(value)
      const known = before.get(key)
      const isKnown = known !== undefined && isSame(known, value)
      after.set(key, isKnown ? known : value)
      isNews ||= !isKnown
    }
    this.#values = after
    return this.#changed(isNews || after.size !== before.size)
  }

  #changed(isSo: boolean): boolean {
    if (isSo) this.#list = undefined
    return isSo
  }
}
