import type { Control } from '../protocol/api.js'

export const FLOWS_HERE = 'uvs_offload_flows_here'
export const FLOWS_HERE_HELP = 'Flows that come up to the director, by why; as of a minute ago at most'

/** To count them is to look at each connection. */
const EVERY_MS = 60_000

export class FlowsHere {
  samples: readonly (readonly [{ why: string }, number])[] = []
  readonly #control: Control
  readonly #nowMs: () => number
  #countedAt = -Infinity

  constructor(control: Control, nowMs = () => performance.now()) {
    this.#control = control
    this.#nowMs = nowMs
  }

  /** Counts them, if that was a minute ago. Rejects with the director's refusal. */
  async read(): Promise<void> {
    const now = this.#nowMs()
    if (now - this.#countedAt < EVERY_MS) return
    const reply = await this.#control.call({ op: 'offload' })
    if (!reply.ok) throw new Error(reply.message)
    this.#countedAt = now
    this.samples = Object.entries(reply.value.here).map(([why, count]) => [{ why }, count])
  }
}
