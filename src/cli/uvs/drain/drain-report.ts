import { durationText } from '../options/duration.js'
import { ProgressLines, type DrainOutput } from './progress-lines.js'

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

/** Reports a drain's progress: by a line that is redrawn, by a line at each change, or as JSON objects. */
export class DrainReport {
  readonly #lines: ProgressLines

  constructor(output: DrainOutput, json: boolean) {
    this.#lines = new ProgressLines(output, json)
  }

  /** The facts that do not change during the drain. */
  note(text: string): void {
    this.#lines.note(text)
  }

  progress(progress: DrainProgress): void {
    const counts = `${progress.active} ${progress.inactive} ${progress.persistent}`
    this.#lines.progress(progressText(progress), { state: 'draining', ...progress }, counts, progress.seconds)
  }

  /** Writes the last line. `progress`: the last known state, if any. */
  end(end: DrainEnd, progress: DrainProgress | undefined): void {
    const { state, status, message, ...more } = end
    this.#lines.end(message, { state, status, message, ...more, ...progress })
    if (end.undo !== undefined) this.#lines.note(`its weight stays 0; to put it back: ${end.undo}`)
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
