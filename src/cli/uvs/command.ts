/** A command of `uvs`. Its file exports one; the entry file only dispatches. */
export interface UvsCommand {
  name: string
  usage: string
  help: string
  /** Writes to standard output and error itself; answers the exit status: 1 refused, 2 usage. */
  run(args: string[]): Promise<number>
}
