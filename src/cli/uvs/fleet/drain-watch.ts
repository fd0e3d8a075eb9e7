import type { DirectorState } from '../../../fleet/publish/director-state.js'
import { patiently } from '../../../fleet/write/careful-write.js'
import { durationText } from '../options/duration.js'
import { connectionsText } from '../rules/format-plan.js'
import { publishedDirectors } from './directors.js'
import type { FleetSession } from './fleet-session.js'

/** A director's part in a drain. */
export interface Left {
  readonly name: string
  /** Undefined: it does not say. */
  readonly connections: number | undefined
  /** It has the rules with the weight. */
  readonly hasIt: boolean
}

/** What a look at the fleet has found. `end`: why no further one is needed. */
export interface Look {
  /** What is left, in words. */
  readonly text: string
  readonly directors: readonly Left[]
  readonly end?: { readonly state: string; readonly message: string }
}

const LOOK_EVERY_MS = 1000

/**
 * Looks once a second and says what is left, at each change, until it has ended or the deadline comes. Returns the exit status: 0, also at
 * the deadline, as of `uvs drain`.
 */
export async function watchDrain(
  { world }: FleetSession,
  look: () => Promise<Look>,
  deadlineS: number,
  asJson: boolean,
): Promise<number> {
  const began = world.now()
  for (let said = ''; ;) {
    // etcd may be without a leader for a moment, which ends no drain.
    const { text, directors, end } = await patiently(look, world)
    const left = deadlineS * 1000 - (world.now() - began)
    const isOver = left <= 0
    if (end ?? isOver) {
      const { state, message } = end ?? { state: 'kept', message: `the deadline has come: ${text}` }
      say(asJson, message, { state, message, directors })
      return 0
    }
    const seconds = Math.round((world.now() - began) / 1000)
    if (text !== said) say(asJson, `${durationText(seconds)}: ${text}`, { state: 'draining', seconds, directors })
    said = text
    await world.wait(Math.min(LOOK_EVERY_MS, left))
  }
}

/** A line, or a JSON object of one. */
export function say(asJson: boolean, text: string, fields: object): void {
  process.stdout.write(`${asJson ? JSON.stringify(fields) : text}\n`)
}

/** `remaining`: the connections of a director's state that count, once it has the rules of `revision`. */
export async function lookAtServer(
  { store }: FleetSession,
  revision: number,
  remaining: (state: DirectorState) => number,
): Promise<Look> {
  const directors = (await publishedDirectors(store)).map(({ name, state }): Left => {
    const hasIt = state !== undefined && state.rules.revision >= revision
    return { name, hasIt, connections: hasIt && state.draining ? remaining(state) : undefined }
  })
  const text = directors.map(leftText).join(', ')
  const message = `no connection is left on ${directors.length === 1 ? '1 director' : `${directors.length} directors`}`
  if (directors.length === 0) {
    const nobody = 'no director is in etcd: nothing is known of connections'
    return { text: nobody, directors, end: { state: 'nobody', message: nobody } }
  }
  const isDone = directors.every(({ hasIt, connections }) => hasIt && connections === 0)
  return { text, directors, ...(isDone && { end: { state: 'drained', message } }) }
}

function leftText({ name, hasIt, connections }: Left): string {
  if (!hasIt) return `${name} has not got it yet`
  return `${name} ${connections === undefined ? 'does not say' : connectionsText(connections)}`
}
