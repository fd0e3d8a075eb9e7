import { setImmediate as othersTurn } from 'node:timers/promises'
import type { Control, OperationName, Request } from '../protocol/api.js'

/** How long work keeps the thread, in ms. */
const SHARE_MS = 5

/** Long work, done in shares: between two of them all that waits for this thread has its turn. */
export class Shares {
  #since = performance.now()

  get isOver(): boolean {
    return performance.now() - this.#since > SHARE_MS
  }

  async next(): Promise<void> {
    await othersTurn()
    this.#since = performance.now()
  }

  /** A control that answers in this thread, at most a share's worth of requests at a time. */
  over(control: Control): Control {
    const call = async <O extends OperationName>(request: Request<O>) => {
      if (this.isOver) await this.next()
      return control.call(request)
    }
    return { call }
  }
}
