/** One thing to be measured: `run` does it once. */
export interface Question {
  readonly name: string
  run(): void
}
