/** The least time in ms between two lines of progress that scroll away. */
const EVERY_MS = 5000

export interface ProgressStream {
  isTTY?: boolean
  write(text: string): unknown
}

/** Shows progress on standard error: on a terminal in one line that is overwritten, else by a line now and then. */
export class Progress {
  #saidAt = -Infinity

  constructor(
    private readonly stream: ProgressStream = process.stderr,
    private readonly now: () => number = () => performance.now(),
  ) {}

  say(text: string): void {
    if (this.stream.isTTY) this.stream.write(`\r\x1b[K${text}`)
    else if (this.now() - this.#saidAt >= EVERY_MS) {
      this.#saidAt = this.now()
      this.stream.write(`${text}\n`)
    }
  }

  /** Clears the line; to be called before results are printed. */
  clear(): void {
    if (this.stream.isTTY) this.stream.write('\r\x1b[K')
  }
}
