import type { Control, Reply, Request } from '../protocol/api.js'
import { checkRequest } from '../protocol/codec.js'
import { EFFECTS } from '../protocol/effects.js'
import { jsonOfReply } from '../protocol/reply-json.js'
import { HttpRefusal } from './answers.js'
import { Watches } from './watches.js'

/** Answers requests of the control protocol that change nothing. */
export class Reads {
  readonly #control: Control
  readonly #watches: Watches

  constructor(control: Control) {
    this.#control = control
    this.#watches = new Watches(control)
  }

  /** The reply's JSON. `client`: whom a watch belongs to; `isTrusted`: he sees what packets carry. */
  async answer(body: unknown, client: string | undefined, isTrusted: boolean): Promise<string> {
    const checked = checkRequest(body)
    if (!checked.ok) throw new HttpRefusal(400, checked.message)
    const { request } = checked
    const effect = EFFECTS[request.op]
    if (effect === 'own' || effect === 'change') throw new HttpRefusal(403, `${request.op} is not for readers`)
    return jsonOfReply(
      effect === 'watch' ? await this.#watch(request, client, isTrusted) : await this.#control.call(request),
    )
  }

  #watch(request: Request, client: string | undefined, isTrusted: boolean): Promise<Reply> {
    return this.#watches.answer(request as Request<'watch' | 'watched' | 'unwatch'>, client, isTrusted)
  }
}
