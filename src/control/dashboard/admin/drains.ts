import type { Control, Request } from '../../protocol/api.js'
import { isFields, type Fields } from '../../protocol/check.js'
import { checkRequest } from '../../protocol/codec.js'
import { inMessage } from '../../protocol/envelope.js'
import { HttpRefusal } from '../answers.js'
import type { Commands, DrainAsked } from './commands.js'

const DRAINS_MAX = 32
/** How long one that has ended is shown, in ms. */
const SHOWN_MS = 10 * 60_000
const DEADLINE_MAX_S = 86_400

/** A drain as it is shown: `state` and what else `uvs drain --json` says. */
export interface DrainShown {
  id: string
  who: string
  service: string
  server: string
  /** Unix time, in ms. */
  begunAt: number
  deadlineAt: number
  endedAt?: number
  state: string
}

/** Drains that the dashboard has begun. They end with the director. */
export class Drains {
  readonly #director: Control
  readonly #commands: Commands
  readonly #all = new Map<string, { shown: DrainShown; stop: AbortController }>()
  #next = 1

  constructor(director: Control, commands: Commands) {
    this.#director = director
    this.#commands = commands
  }

  /** Begins one; returns its id once the weight is 0. */
  async begin(body: unknown, who: string): Promise<DrainShown> {
    const asked = readDrain(body)
    this.#forget()
    if (this.#all.size >= DRAINS_MAX)
      throw new HttpRefusal(429, `${DRAINS_MAX} drains are under way or have just ended`)
    const names = this.#commands.names(asked)
    const isSame = ({ shown }: { shown: DrainShown }): boolean =>
      shown.endedAt === undefined && shown.service === names.service && shown.server === names.server
    if ([...this.#all.values()].some(isSame))
      throw new HttpRefusal(409, `${names.service} -r ${names.server} is drained already`)
    const begunAt = Date.now()
    const id = String(this.#next++)
    const shown = { id, who, ...names, begunAt, deadlineAt: begunAt + asked.deadlineS * 1000, state: 'draining' }
    const drain = { shown: shown as DrainShown, stop: new AbortController() }
    this.#all.set(id, drain)
    const began = await this.#run(asked, drain)
    if (began !== undefined) {
      this.#all.delete(id)
      throw new HttpRefusal(422, began)
    }
    return drain.shown
  }

  /** Stops to wait; the weight stays 0. */
  cancel(body: unknown): DrainShown {
    const id = isFields(body) ? body['id'] : undefined
    const drain = this.#all.get(String(id))
    if (!drain || drain.shown.endedAt !== undefined) throw new HttpRefusal(404, 'there is no such drain')
    drain.stop.abort()
    return drain.shown
  }

  shown(): DrainShown[] {
    this.#forget()
    return [...this.#all.values()].map(({ shown }) => shown)
  }

  close(): void {
    for (const { stop } of this.#all.values()) stop.abort()
  }

  /** Resolves when it has begun, or with why it has not. */
  #run(asked: DrainAsked, drain: { shown: DrainShown; stop: AbortController }): Promise<string | undefined> {
    return new Promise(resolve => {
      const tell = (progress: object): void => {
        drain.shown = { ...drain.shown, ...progress }
        resolve(undefined)
      }
      this.#commands
        .drain(asked, this.#director, tell, drain.stop.signal)
        .then(
          () => resolve(undefined),
          (error: Error) => {
            drain.shown = Object.assign({ ...drain.shown }, { state: 'lost', message: error.message })
            resolve(error.message)
          },
        )
        .finally(() => void (drain.shown = { ...drain.shown, endedAt: Date.now() }))
    })
  }

  #forget(): void {
    const before = Date.now() - SHOWN_MS
    for (const [id, { shown }] of this.#all)
      if (shown.endedAt !== undefined && shown.endedAt < before) this.#all.delete(id)
  }
}

function readDrain(body: unknown): DrainAsked {
  const { service, server, deadlineS = 60, afterwards = 'keep', ...odd } = (isFields(body) ? body : {}) as Fields
  const [unknown] = Object.keys(odd)
  if (unknown !== undefined) throw new HttpRefusal(400, `${inMessage(unknown)}: there is no such field`)
  const checked = checkRequest({ op: 'delete-destination', service, destination: server })
  if (!checked.ok)
    throw new HttpRefusal(
      400,
      checked.message.replace('delete-destination.destination', 'server').replace('delete-destination.', ''),
    )
  if (!Number.isInteger(deadlineS) || Number(deadlineS) < 0 || Number(deadlineS) > DEADLINE_MAX_S)
    throw new HttpRefusal(400, `deadlineS: not an integer from 0 to ${DEADLINE_MAX_S}`)
  if (afterwards !== 'keep' && afterwards !== 'reset') throw new HttpRefusal(400, 'afterwards: not keep or reset')
  const { service: key, destination } = checked.request as Request<'delete-destination'>
  return { service: key, server: destination, deadlineS: Number(deadlineS), afterwards }
}
