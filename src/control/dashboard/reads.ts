import type { Control, OperationName, Reply, Request } from '../protocol/api.js'
import { checkRequest } from '../protocol/codec.js'
import { jsonOfReply } from '../protocol/reply-json.js'
import { HttpRefusal } from './answers.js'
import { Watches } from './watches.js'

/** What an operation is to a reader: free; a watch, which belongs to who began it; or not for readers. */
type Kind = 'free' | 'watch' | 'no'

const KINDS: Readonly<Record<OperationName, Kind>> = {
  services: 'free',
  'service-figures': 'free',
  'service-sums': 'free',
  connections: 'free',
  totals: 'free',
  verdicts: 'free',
  figures: 'free',
  offload: 'free',
  drops: 'free',
  timeouts: 'free',
  sysctls: 'free',
  health: 'free',
  vrrp: 'free',
  announcements: 'free',
  network: 'free',
  watch: 'watch',
  watched: 'watch',
  unwatch: 'watch',
  'plan-reload': 'no', // it reads a file of the asker's choice
  claims: 'no', // it sends
  record: 'no', // it has clients' octets
  flush: 'no',
  zero: 'no',
  'add-service': 'no',
  'edit-service': 'no',
  'delete-service': 'no',
  'add-destination': 'no',
  'edit-destination': 'no',
  'delete-destination': 'no',
  'add-local-address': 'no',
  'delete-local-address': 'no',
  batch: 'no',
  begin: 'no',
  stage: 'no',
  plan: 'no',
  commit: 'no',
  'end-connections': 'no',
  'add-route': 'no',
  'delete-route': 'no',
  'add-vip': 'no',
  'delete-vip': 'no',
  'add-mark': 'no',
  'clear-marks': 'no',
  'set-timeouts': 'no',
  'set-sysctl': 'no',
  reset: 'no',
  'drain-director': 'no',
  'cancel-drain': 'no',
  'dashboard-login': 'no',
}

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
    const kind = KINDS[request.op]
    if (kind === 'no') throw new HttpRefusal(403, `${request.op} is not for readers`)
    return jsonOfReply(
      kind === 'watch' ? await this.#watch(request, client, isTrusted) : await this.#control.call(request),
    )
  }

  #watch(request: Request, client: string | undefined, isTrusted: boolean): Promise<Reply> {
    return this.#watches.answer(request as Request<'watch' | 'watched' | 'unwatch'>, client, isTrusted)
  }
}
