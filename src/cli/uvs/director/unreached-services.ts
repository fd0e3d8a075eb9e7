import { carriedOut } from '../../../announce/carried-out.js'
import type { Control, OperationName, Reply, Request } from '../../../control/protocol/api.js'
import { isLoopback, parseIpv4 } from '../../../wire/addr.js'

/** Tells, once for each, of services that nobody reaches: packets to 127.0.0.0/8 are dropped, those of the host's own programs too. */
export class UnreachedServices implements Control {
  readonly #director: Control
  readonly #tell: (line: string) => void
  readonly #told = new Set<string>()

  constructor(director: Control, tell: (line: string) => void) {
    this.#director = director
    this.#tell = tell
  }

  async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    const reply = await this.#director.call(request)
    const changes = carriedOut(request as Request, reply)
    if (changes === 'all') return reply
    for (const change of changes)
      if (change.op === 'add-service' && !('mark' in change.service)) this.#look(change.service)
    return reply
  }

  #look({ address, port }: { address: string; port: number }): void {
    const addr = parseIpv4(address)
    const name = `${address}:${port}`
    if (addr === undefined || !isLoopback(addr) || this.#told.has(name)) return
    this.#told.add(name)
    this.#tell(
      `${name}: nobody reaches a service of 127.0.0.0/8, and what this host's programs send there is dropped beside the kernel`,
    )
  }
}
