import { KeyColumn, KEY_COLUMNS, SUM_COLUMNS, type ServiceSums } from '../../protocol/api.js'
import { namedOf, rowsInOrder, textOf, type Named } from './named.js'
import type { SortColumn } from './view.js'

/** A service that is shown, and its sums by SumColumn. */
export type ListedRow = Named & { sums: readonly number[] }

/** Services in an order. */
export type Order = readonly number[]

/** What is known of services until there are others. */
interface Known {
  /** The row of each, in the order of their addresses: a service's place. */
  readonly rows: readonly number[]
  /** What a filter looks at, by place; made for the first. */
  texts?: readonly string[]
}

/** Services in the order of their addresses. A reading that has the same services takes that over: only figures change each time. */
export class Listed {
  readonly #read: ServiceSums
  readonly #known: Known

  constructor(read: ServiceSums, known: Known = { rows: rowsInOrder(read) }) {
    this.#read = read
    this.#known = known
  }

  /** Those of a later reading. */
  with(read: ServiceSums): Listed {
    return hasSame(this.#read, read) ? new Listed(read, this.#known) : new Listed(read)
  }
  /** Whether the places are those of another: its orders are permutations of this one's. */
  isLike(other: Listed): boolean {
    return this.#known === other.#known
  }

  get total(): number {
    return this.#known.rows.length
  }
  at(place: number): ListedRow {
    const row = this.#known.rows[place]!
    const { sums } = this.#read
    const of = Array.from({ length: SUM_COLUMNS }, (_, column) => sums[row * SUM_COLUMNS + column]!)
    return { ...namedOf(this.#read, row), sums: of }
  }

  /**
   * Places of those that have all the words, sorted; equal ones by their addresses. `before`: the same of an earlier reading, which
   * is nearly in order.
   */
  ordered(sort: SortColumn, isDescending: boolean, words: readonly string[], before?: Order): Order {
    const chosen = before ?? this.#withAll(words)
    if (sort === 'service') return isDescending && !before ? chosen.toReversed() : chosen
    const ranks = sort === 'scheduler' ? this.#schedulerRanks() : undefined
    const { rows } = this.#known
    const [values, columns, column] = ranks ? [ranks, 1, 0] : [this.#read.sums, SUM_COLUMNS, Number(sort)]
    if (column < 0 || column >= columns) return chosen
    const sign = isDescending ? -1 : 1
    return chosen.toSorted(
      (a, b) => sign * (values[rows[a]! * columns + column]! - values[rows[b]! * columns + column]!) || a - b,
    )
  }

  #withAll(words: readonly string[]): Order {
    const places = Array.from(this.#known.rows, (_, place) => place)
    if (words.length === 0) return places
    const texts = (this.#known.texts ??= this.#known.rows.map(row => textOf(namedOf(this.#read, row))))
    return places.filter(place => words.every(word => texts[place]!.includes(word)))
  }
  /** Of each row, where its scheduler stands among their names. */
  #schedulerRanks(): number[] {
    const { keys, schedulers } = this.#read
    const sorted = schedulers.toSorted()
    const ranks = schedulers.map(name => sorted.indexOf(name))
    return Array.from(this.#known.rows, (_, row) => ranks[keys[row * KEY_COLUMNS + KeyColumn.SCHEDULER]!]!)
  }
}

/** The same services in the same rows, and their schedulers, which a filter finds. */
function hasSame(before: ServiceSums, now: ServiceSums): boolean {
  if (before.keys.length !== now.keys.length || before.schedulers.join() !== now.schedulers.join()) return false
  for (let at = 0; at < now.keys.length; at++) if (before.keys[at] !== now.keys[at]) return false
  return true
}
