import { runScript } from './run-script.js'
import { userIds } from './user-ids.js'

/** A notification script that has not ended by then is ended. */
const TIMEOUT_MS = 60_000

/** A command and as whom it runs. */
export interface NotifyScript {
  readonly words: readonly string[]
  readonly text: string
  readonly user?: string
  readonly group?: string
}

/** From the end of whoever runs scripts to the end of those that still run. */
const PATIENCE_MS = 2000

/** Runs notification scripts, all at once and waited for by nobody; the end ends them. */
export class NotifyRunner {
  readonly #abort = new AbortController()
  readonly #running = new Set<Promise<unknown>>()
  readonly #failed: (line: string) => void
  readonly #timeoutMs: number

  /** `failed` is told of a script that does not run or does not end well. */
  constructor(failed: (line: string) => void, timeoutMs = TIMEOUT_MS) {
    this.#failed = failed
    this.#timeoutMs = timeoutMs
  }

  /** `scriptUser` and `scriptGroup` are those of global_defs. */
  async run({ words, text, user, group }: NotifyScript, scriptUser?: string, scriptGroup?: string): Promise<void> {
    const name = user ?? scriptUser
    const as = name === undefined ? undefined : userIds(name, user === undefined ? scriptGroup : group)
    if (name !== undefined && as === undefined) {
      this.#failed(`script '${text}': there is no user ${name}`)
      return
    }
    const { signal } = this.#abort
    const running = runScript({ words, timeoutMs: this.#timeoutMs, signal, ...(as && { as }) })
    this.#running.add(running)
    const end = await running
    this.#running.delete(running)
    if (signal.aborted) return
    if (end.kind === 'not run') this.#failed(`script '${text}' was not run: ${end.why}`)
    else if (end.kind === 'timed out') this.#failed(`script '${text}' was ended after ${this.#timeoutMs / 1000} s`)
    else if (end.kind === 'signalled') this.#failed(`script '${text}' died of signal ${end.signal}`)
  }

  /** Waits for those that run, for `patienceMs` at most, and ends the others. */
  async close(patienceMs = PATIENCE_MS): Promise<void> {
    const timer = setTimeout(() => this.#abort.abort(), patienceMs)
    await Promise.all(this.#running)
    clearTimeout(timer)
    this.#abort.abort()
  }
}
