/** Lines of progress at most so often where they scroll away. */
const EVERY_MS = 5000

export interface ProgressStream {
  isTTY?: boolean
  write(text: string): unknown
}

/** Says on standard error what is under way: on a terminal in one line that is written over, else in a line now and then. */
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

  /** Before results are printed. */
  clear(): void {
    if (this.stream.isTTY) this.stream.write('\r\x1b[K')
  }
}
