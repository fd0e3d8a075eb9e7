import { readU16 } from '../../support/octets.js'
import { addrText } from '../../support/octets.js'
import type { SideFrame } from '../case.js'
import type { Flow } from './scenario.js'

/** A real server as a flow's packets reach it. */
export interface Server {
  address: string
  port: number
}

const IPV4_TYPE = 0x0800
const ICMP = 1

/** To which real server each flow's packets went last. */
export class Routes {
  readonly #servers = new Map<string, Server>()

  of(flow: Flow): Server {
    return this.#servers.get(keyOf(flow)) ?? { address: flow.server, port: flow.serverPort }
  }

  /** Whether packets of the flow have reached a server. */
  has(flow: Flow): boolean {
    return this.#servers.has(keyOf(flow))
  }

  /** `out`: the frames that came out when the client had sent. */
  learn(flow: Flow, out: readonly SideFrame[]): void {
    for (const { side, frame } of out) {
      if (side !== 'r' || readU16(frame, 12) !== IPV4_TYPE || frame[23] === ICMP) continue
      const transport = 14 + ((frame[14] ?? 0) & 0x0f) * 4
      this.#servers.set(keyOf(flow), { address: addrText(frame.slice(30, 34)), port: readU16(frame, transport + 2) })
    }
  }
}

function keyOf({ protocol, client, clientPort, vip, vipPort }: Flow): string {
  return `${protocol} ${client}:${clientPort} ${vip}:${vipPort}`
}
