import { durationText } from '../options/duration.js'

/** What is left on a real server that is being drained, at one moment. */
export interface DrainProgress {
  /** Seconds since the drain began, and until its deadline. */
  seconds: number
  deadline: number
  active: number
  inactive: number
  persistent: number
  /** How many go in a second, and in how many seconds none will be left: null where that cannot be told. */
  perSecond: number | null
  estimate: number | null
}

/** How it ended. */
export interface DrainEnd {
  state: 'drained' | 'kept' | 'reset' | 'interrupted' | 'changed' | 'gone' | 'lost'
  status: number
  /** One line for a person. */
  message: string
  /** Taken out of the table by `--then reset`. */
  ended?: { connections: number; templates: number }
  /** The command that puts the weight back. */
  undo?: string
}

/** Where a report goes. `columns`: of a terminal, where a line is redrawn; undefined: anything else. */
export interface DrainOutput {
  write(text: string): void
  columns: number | undefined
}

/** Anything but a terminal gets a line no oftener than this, however much changes. */
const SECONDS_A_LINE = 10

/** Tells how a drain goes: a line that is redrawn, lines where something changed, or JSON objects. */
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

  /** What is true from the beginning to the end. */
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

  /** The last line. `progress`: as it was last seen, if it was. */
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

/** `3 active, 1 inactive`, and persistent clients where there are any. */
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
