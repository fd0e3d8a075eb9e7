import type { AnnouncementsInfo, Control, DirectorDrainInfo } from '../../../control/protocol/api.js'
import { Unreachable } from '../../../control/socket/client.js'
import { RefusedByDirector } from '../../uvsadm/failure.js'
import { durationText } from '../options/duration.js'
import type { DirectorDrainOptions } from './drain-director-options.js'
import { ProgressLines, type DrainOutput } from './progress-lines.js'

/** What the drain of a director needs besides it. */
export interface DirectorDrainWorld {
  wait(seconds: number, stop: AbortSignal): Promise<void>
  output: DrainOutput
}

const LOOK_EVERY_S = 0.5
const INTERRUPTED = 130

interface End {
  state: 'stopped' | 'interrupted' | 'cancelled'
  status: number
  message: string
}

/**
 * Has a director drain and watches it, until it has stopped; with `cancel` takes a drain back. Returns the exit status. Throws only before
 * anything has changed.
 */
export async function drainDirector(
  options: DirectorDrainOptions,
  control: Control,
  world: DirectorDrainWorld,
  stop: AbortSignal,
): Promise<number> {
  const report = new Report(world.output, options.json)
  if (options.cancel) {
    await must(control.call({ op: 'cancel-drain' }))
    return report.end({
      state: 'cancelled',
      status: 0,
      message: 'the drain is taken back: the director announces again',
    })
  }
  const before = await must(control.call<'announcements'>({ op: 'announcements' }))
  await must(control.call({ op: 'drain-director', deadline: options.deadlineS }))
  report.note(before, options.deadlineS)
  let last: DirectorDrainInfo | undefined
  try {
    while (!stop.aborted) {
      const { drain } = await must(control.call<'announcements'>({ op: 'announcements' }))
      // A director that is stopping knows of no drain any more.
      if (!drain && last?.end) return report.end(ended(last), last)
      if (!drain)
        return report.end({ state: 'cancelled', status: 1, message: 'stopped: somebody has taken the drain back' })
      last = drain
      report.progress(drain)
      await world.wait(LOOK_EVERY_S, stop)
    }
  } catch (error) {
    // After the drain's end a refusal means, too, that the director stops.
    if (!(error instanceof Unreachable) && !last?.end) throw error
    return report.end(ended(last), last)
  }
  const message = 'the director drains on by itself; uvs drain --director --cancel takes it back'
  return report.end({ state: 'interrupted', status: INTERRUPTED, message }, last)
}

function ended(last: DirectorDrainInfo | undefined): End {
  if (!last?.end) return { state: 'stopped', status: 1, message: 'the director has gone before its drain had ended' }
  const why = {
    empty: 'no connection is left',
    moved: `no packet comes any more to the ${last.connections ?? 0} connections in its table`,
    deadline: `the deadline has come: ${countsText(last)}`,
  }[last.end]
  return { state: 'stopped', status: 0, message: `${why}; the director has stopped` }
}

/** A director's drain, as lines. */
class Report {
  readonly #lines: ProgressLines

  constructor(output: DrainOutput, json: boolean) {
    this.#lines = new ProgressLines(output, json)
  }

  note({ interface: name, vips: { announced } }: AnnouncementsInfo, deadlineS: number): void {
    const what = announced === 1 ? '1 virtual address is' : `${announced} virtual addresses are`
    this.#lines.note(`${what} off ${name}; the director stops within ${durationText(deadlineS)}`)
  }

  progress(drain: DirectorDrainInfo): void {
    const text = `${durationText(drain.seconds)}: ${countsText(drain)}; deadline in ${durationText(drain.deadline)}`
    const counts = `${drain.state} ${countsText(drain)}`
    this.#lines.progress(text, drain, counts, drain.seconds, drain.state !== 'draining')
  }

  /** Returns the status. */
  end({ state, status, message }: End, last?: DirectorDrainInfo): number {
    this.#lines.end(message, { ...last, state, status, message })
    return status
  }
}

function countsText({ connections, packets }: DirectorDrainInfo): string {
  if (connections === null) return 'not counted yet'
  return `${connections} connections${packets === null ? '' : `, ${packets} packets a second`}`
}

/** The director's word. RefusedByDirector. */
async function must<T>(asked: Promise<{ ok: true; value: T } | { ok: false; message: string }>): Promise<T> {
  const reply = await asked
  if (!reply.ok) throw new RefusedByDirector(reply.message, 1)
  return reply.value
}
