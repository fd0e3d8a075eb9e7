import type { Control } from '../../../../control/protocol/api.js'
import type { DirectorState } from '../../../../fleet/publish/director-state.js'

type Load = DirectorState['load']

/** How long what was asked is good, ms; less than from one state to the next of a director that drains. */
const RECENT_MS = 1_500

/** A director's load as of the last second or two: while rules change several times a second, packets need not wait for each question. */
export class RecentLoad {
  readonly #control: Control
  #asked: Promise<Load> | undefined
  #until = 0

  constructor(control: Control) {
    this.#control = control
  }

  get(nowMs: number): Promise<Load> {
    if (!this.#asked || nowMs >= this.#until) {
      this.#asked = loadOf(this.#control)
      this.#until = nowMs + RECENT_MS
    }
    return this.#asked
  }
}

async function loadOf(control: Control): Promise<Load> {
  const [totals, figures] = await Promise.all([
    control.call<'totals'>({ op: 'totals' }),
    control.call<'figures'>({ op: 'figures' }),
  ])
  const rates = totals.ok ? totals.value.rates : { cps: 0, inPps: 0, outPps: 0, inBps: 0, outBps: 0 }
  const { cps, inPps, outPps, inBps, outBps } = rates
  return { connections: figures.ok ? figures.value.connections.open : 0, cps, inPps, outPps, inBps, outBps }
}
