import { CODE_MS, LoginCodes } from '../../../control/dashboard/admin/login-codes.js'
import type { Control, DashboardLogin, OperationName, Reply, Request } from '../../../control/protocol/api.js'

/** Who is at the other end of a socket, of linux/socket-peer.ts. */
export interface Peers {
  peerUid(fd: number): number | undefined
  userName(uid: number): string
}

type Client = Control & { close(): void }

/** A control of which each client of the socket has its own. */
interface PerClient extends Control {
  client(): Client
}

/**
 * In front of what the control socket's clients ask: `uvs dashboard login`. Who may open the socket may change rules anyway; the browser of
 * whoever did so may, too.
 */
export class DashboardLogins {
  readonly codes = new LoginCodes()
  readonly #peers: Peers
  /** The dashboard's address; undefined until it is served. */
  #url: string | undefined

  constructor(peers: Peers) {
    this.#peers = peers
  }

  servedAt(url: string): void {
    this.#url = url
  }

  over(control: PerClient): Control & { client(fd: number): Client } {
    return {
      call: request => control.call(request),
      client: fd => {
        const client = control.client()
        // Asked at once: a socket that has been closed has no peer.
        const uid = this.#peers.peerUid(fd)
        return {
          call: request => this.#answer(request, client, uid),
          close: () => client.close(),
        }
      },
    }
  }

  async #answer<O extends OperationName>(request: Request<O>, client: Client, uid?: number): Promise<Reply<O>> {
    if ((request as Request).op !== 'dashboard-login') return client.call(request)
    return this.#login(uid === undefined ? '?' : this.#peers.userName(uid)) as Reply<O>
  }

  #login(who: string): Reply<'dashboard-login'> {
    if (this.#url === undefined)
      return { ok: false, refusal: 'EOPNOTSUPP', message: 'the director is starting: its dashboard is not served yet' }
    const code = this.codes.issue(who)
    const value: DashboardLogin = { url: `${this.#url}#login=${code}`, code, seconds: CODE_MS / 1000, who }
    return { ok: true, value }
  }
}

/** By which a browser of this host reaches what is served at an address and port. */
export function dashboardUrl(host: string, port: number): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}/`
}
