import { setTimeout as sleep } from 'node:timers/promises'
import type { Control } from '../protocol/api.js'

export const FLOWS_HERE = 'uvs_offload_flows_here'
export const FLOWS_HERE_HELP = 'Flows that come up to the director, by why; as of a minute ago at most'

/** To count them is to look at each connection. */
const EVERY_MS = 60_000
/** Of millions that takes longer than who asks for metrics waits. */
const WAIT_MS = 1000

export class FlowsHereReader {
  samples: readonly (readonly [{ why: string }, number])[] = []
  readonly #control: Control
  readonly #nowMs: () => number
  #countedAt = -Infinity
  #counting: Promise<void> | undefined

  constructor(control: Control, nowMs = () => performance.now()) {
    this.#control = control
    this.#nowMs = nowMs
  }

  /** Counts them, if that was a minute ago; who waits has the last ones if it takes long. Rejects with the director's refusal. */
  async read(): Promise<void> {
    if (this.#nowMs() - this.#countedAt < EVERY_MS) return
    this.#counting ??= this.#count().finally(() => (this.#counting = undefined))
    const enough = new AbortController()
    try {
      await Promise.race([this.#counting, sleep(WAIT_MS, undefined, { signal: enough.signal })])
    } finally {
      enough.abort()
    }
  }

  async #count(): Promise<void> {
    const now = this.#nowMs()
    const reply = await this.#control.call({ op: 'offload' })
    if (!reply.ok) throw new Error(reply.message)
    this.#countedAt = now
    this.samples = Object.entries(reply.value.here).map(([why, count]) => [{ why }, count])
  }
}
