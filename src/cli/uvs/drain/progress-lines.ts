/** The output of a report. `columns`: a terminal's width, on which a line is redrawn; undefined for anything else. */
export interface DrainOutput {
  write(text: string): void
  columns: number | undefined
  /** The least time between two lines on anything but a terminal; default 10. */
  secondsALine?: number
}

/** The least time between two lines on anything but a terminal. */
const SECONDS_A_LINE = 10

/** Shows how far something is: by a line that is redrawn, by a line at each change, or as JSON objects. */
export class ProgressLines {
  readonly isJson: boolean
  readonly #output: DrainOutput
  #said = ''
  #saidAt = -Infinity
  #isLineOpen = false

  constructor(output: DrainOutput, isJson: boolean) {
    this.#output = output
    this.isJson = isJson
  }

  /** What does not change meanwhile; not of JSON. */
  note(text: string): void {
    if (!this.isJson) this.line(text)
  }
  /**
   * `counts`: what makes a line worth while if it is not what it was; `atS`: the seconds so far. `isUrgent`: however soon after the line
   * before.
   */
  progress(text: string, json: object, counts: string, atS: number, isUrgent = false): void {
    const { columns } = this.#output
    if (columns !== undefined && !this.isJson) {
      this.#output.write(`\r\x1b[K${text.slice(0, Math.max(1, columns - 1))}`)
      this.#isLineOpen = true
      return
    }
    if (counts === this.#said || (!isUrgent && atS < this.#saidAt + (this.#output.secondsALine ?? SECONDS_A_LINE)))
      return
    this.#said = counts
    this.#saidAt = atS
    this.line(this.isJson ? JSON.stringify(json) : text)
  }
  /** The last line, or, of JSON, object. */
  end(text: string, json: object): void {
    if (this.#isLineOpen) this.#output.write('\n')
    this.#isLineOpen = false
    this.line(this.isJson ? JSON.stringify(json) : text)
  }
  line(text: string): void {
    this.#output.write(`${text}\n`)
  }
}
