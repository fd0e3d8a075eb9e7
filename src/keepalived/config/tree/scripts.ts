/** A command to run: its words, and as whom. */
export interface Script {
  /** The program, then its arguments. */
  readonly words: readonly string[]
  /** As it stands in the configuration. */
  readonly text: string
  /** Absent: script_user. */
  readonly user?: string
  readonly group?: string
}
