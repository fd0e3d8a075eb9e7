/** What one measuring answers: each figure under its unit, such as { ns: 81, 'ns for the copy': 9 }. */
export type Figures = Record<string, number>

/** One thing to be measured. Building what it needs is put off until it is asked for the first time. */
export interface Measure {
  /** Unique; what NAME… on the command line is looked for in. */
  readonly name: string
  figures(): Figures | Promise<Figures>
  /** Rounds that it takes part in, at the most: for what takes seconds. */
  readonly rounds?: number
}

/** Measures that share what they need, in one process of their own. */
export interface Group {
  readonly name: string
  readonly measures: readonly Measure[]
}

/** What the command line says of what is to be measured. */
export interface Plan {
  /** Connections in the table: the sizes that are gone through. */
  readonly connections: readonly number[]
  /** The connection table in pages of 4 KiB, where the product asks for huge ones. */
  readonly plainPages: boolean
}

/** `make`, done at the first call. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}
