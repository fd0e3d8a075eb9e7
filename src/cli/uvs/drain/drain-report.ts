import { durationText } from '../options/duration.js'

/** The connections left on a real server during a drain, at one moment. */
export interface DrainProgress {
  /** Seconds since the drain began, and seconds until its deadline. */
  seconds: number
  deadline: number
  active: number
  inactive: number
  persistent: number
  /** Connections ending a second, and seconds until none is left: null while unknown. */
  perSecond: number | null
  estimate: number | null
}

/** How the drain ended. */
export interface DrainEnd {
  state: 'drained' | 'kept' | 'reset' | 'interrupted' | 'changed' | 'gone' | 'lost'
  status: number
  /** One line for the user. */
  message: string
  /** Connections deleted by `--then reset`. */
  ended?: { connections: number; templates: number }
  /** The command that restores the weight. */
  undo?: string
}

/** The output of a report. `columns`: a terminal's width, on which a line is redrawn; undefined for anything else. */
export interface DrainOutput {
  write(text: string): void
  columns: number | undefined
}

/** The least time between two lines on anything but a terminal. */
const SECONDS_A_LINE = 10

/** Reports a drain's progress: by a line that is redrawn, by a line at each change, or as JSON objects. */
export class DrainReport {
  readonly #output: DrainOutput
  readonly #json: boolean
  #said = ''
  #saidAt = -Infinity
  #isLineOpen = false

  constructor(output: DrainOutput, json: boolean) {
    this.#output = output
    this.#json = json
  }

  /** The facts that do not change during the drain. */
  note(text: string): void {
    if (!this.#json) this.#line(text)
  }

  progress(progress: DrainProgress): void {
    const { columns } = this.#output
    if (columns !== undefined && !this.#json) {
      this.#output.write(`\r\x1b[K${progressText(progress).slice(0, Math.max(1, columns - 1))}`)
      this.#isLineOpen = true
      return
    }
    const counts = `${progress.active} ${progress.inactive} ${progress.persistent}`
    if (counts === this.#said || progress.seconds < this.#saidAt + SECONDS_A_LINE) return
    this.#said = counts
    this.#saidAt = progress.seconds
    this.#line(this.#json ? JSON.stringify({ state: 'draining', ...progress }) : progressText(progress))
  }

  /** Writes the last line. `progress`: the last known state, if any. */
  end(end: DrainEnd, progress: DrainProgress | undefined): void {
    const { state, status, message, ...more } = end
    if (this.#json) return this.#line(JSON.stringify({ state, status, message, ...more, ...progress }))
    if (this.#isLineOpen) this.#output.write('\n')
    this.#isLineOpen = false
    this.#line(message)
    if (end.undo !== undefined) this.#line(`its weight stays 0; to put it back: ${end.undo}`)
  }

  #line(text: string): void {
    this.#output.write(`${text}\n`)
  }
}

function progressText(progress: DrainProgress): string {
  const { seconds, deadline, perSecond } = progress
  const pace = perSecond !== null && perSecond > 0 ? `, ${perSecond.toPrecision(2)} go a second` : ''
  return `${durationText(seconds)}: ${countsText(progress)} left${pace}: ${estimateText(progress)}; deadline in ${durationText(deadline)}`
}

/** `3 active, 1 inactive`, and persistent clients if there are any. */
export function countsText({
  active,
  inactive,
  persistent,
}: Pick<DrainProgress, 'active' | 'inactive' | 'persistent'>): string {
  return `${active} active, ${inactive} inactive${persistent > 0 ? `, ${persistent} persistent` : ''}`
}

function estimateText({ estimate, perSecond, deadline }: DrainProgress): string {
  if (perSecond === null) return 'no estimate yet'
  if (estimate === null || estimate > deadline) return 'not before the deadline'
  return `none in about ${durationText(estimate)}`
}
