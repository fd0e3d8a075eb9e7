/** The result of one measurement: each figure by its unit, such as { ns: 81, 'ns for the copy': 9 }. */
export type Figures = Record<string, number>

/** One measure. What it needs is built at its first use. */
export interface Measure {
  /** Unique; NAME… on the command line selects by parts of it. */
  readonly name: string
  figures(): Figures | Promise<Figures>
  /** The most rounds that it takes part in, for a measure that takes seconds. */
  readonly rounds?: number
}

/** Measures that share what they need, in one process of their own. */
export interface Group {
  readonly name: string
  readonly measures: readonly Measure[]
}

/** The command line's choice of measures. */
export interface Plan {
  /** The sizes of the connection table, measured in turn. */
  readonly connections: readonly number[]
  /** Whether the connection table uses pages of 4 KiB; the product asks for huge pages. */
  readonly plainPages: boolean
}

/** Calls `make` at the first call, and returns its result at every call. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}
