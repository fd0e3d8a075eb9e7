import type { Control, TimeoutsInfo } from '../../control/protocol/api.js'

/** lvs_timeouts: a director's timeouts while a configuration says other ones; what they were comes back at the end. */
export class LvsTimeouts {
  readonly #control: Control
  #before: TimeoutsInfo | undefined

  constructor(control: Control) {
    this.#control = control
  }

  /** Seconds; what is not said, or 0, is as it was before the first `set`. Throws what the director refuses. */
  async set(wanted: Partial<TimeoutsInfo>): Promise<void> {
    const isNone = Object.values(wanted).every(seconds => seconds === 0)
    if (isNone && this.#before === undefined) return
    this.#before ??= await this.#now()
    const timeouts = { ...this.#before }
    for (const name of ['tcp', 'tcpfin', 'udp'] as const) timeouts[name] = wanted[name] || timeouts[name]
    await this.#give(timeouts)
  }

  async restore(): Promise<void> {
    if (this.#before) await this.#give(this.#before)
    this.#before = undefined
  }

  async #now(): Promise<TimeoutsInfo> {
    const reply = await this.#control.call<'timeouts'>({ op: 'timeouts' })
    if (!reply.ok) throw new Error(`lvs_timeouts: ${reply.message}`)
    return reply.value
  }

  async #give(timeouts: TimeoutsInfo): Promise<void> {
    const reply = await this.#control.call<'set-timeouts'>({ op: 'set-timeouts', timeouts })
    if (!reply.ok) throw new Error(`lvs_timeouts: ${reply.message}`)
  }
}
