import { setTimeout as sleep } from 'node:timers/promises'
import { AnnounceInterface } from '../../../announce/announce-interface.js'
import { VipAnnouncer } from '../../../announce/vip-announcer.js'
import { carriedOut } from '../../../announce/carried-out.js'
import { answerDrain, DirectorDrain } from '../../../announce/director-drain.js'
import type { Control, OperationName, Reply, Request } from '../../../control/protocol/api.js'
import type { AnnounceOptions } from './announce-options.js'

/** A director that stops goes on balancing for so long after it has withdrawn its routes, ms: until the router has heard. */
const SERVES_ON_MS = 1000

/**
 * A director whose VIPs are announced: in front of it, what its rules come to is followed, and requests about announcements are answered. It is
 * made before the director starts, `over` it then; and `begin`s when the director is ready.
 */
export class DirectorAnnouncing implements Control {
  readonly #announcer: VipAnnouncer
  readonly #drain: DirectorDrain
  #director: Control = NOBODY
  #stop = (): void => {}
  /** Resolves when a drain has ended. */
  readonly drained: Promise<void>

  /** SystemError if the interface cannot be made. */
  constructor({ interface: name, withdraw, holdS }: AnnounceOptions, tell: (line: string) => void) {
    this.#announcer = new VipAnnouncer({ on: new AnnounceInterface(name), withdraw, holdMs: holdS * 1000, tell, now })
    this.drained = new Promise(resolve => (this.#stop = resolve))
    const stop = (): void => this.#stop()
    const director: Control = { call: request => this.#director.call(request) }
    this.#drain = new DirectorDrain({ director, announcer: this.#announcer, stop, tell, now })
  }

  /** What goes to the director goes by this from now on. */
  over(director: Control): this {
    this.#director = director
    return this
  }

  begin(): void {
    this.#announcer.begin()
  }

  async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    const asked = request as Request
    if (asked.op === 'announcements') {
      const drain = this.#drain.watched()
      return { ok: true, value: { ...this.#announcer.info, ...(drain && { drain }) } } as Reply<O>
    }
    if (asked.op === 'drain-director' || asked.op === 'cancel-drain') return answerDrain(this.#drain, asked) as Reply<O>
    const reply = await this.#director.call(request)
    const changes = carriedOut(asked, reply)
    if (changes === 'all') this.#announcer.clear()
    else if (changes.length > 0) this.#announcer.apply(changes)
    return reply
  }

  /** Withdraws first, and gives routers time to hear of it. */
  async close(): Promise<void> {
    this.#drain.close()
    const had = this.#announcer.announced
    this.#announcer.close()
    if (had > 0) await sleep(SERVES_ON_MS)
  }
}

const now = (): number => performance.now()

const NOBODY: Control = {
  async call() {
    return { ok: false, refusal: 'EOPNOTSUPP', message: 'the director is starting' }
  },
}
