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
const IPIP = 4
const UDP = 17
const GRE = 47
const GRE_HAS_CHECKSUM = 0x8000
const GUE_PORT = 6080
const MACS_AND_TYPE = 14

/** To which real server each flow's packets went last. */
export class Routes {
  readonly #servers = new Map<string, Server>()
  readonly #tunnelled = new Map<string, Uint8Array>()

  of(flow: Flow): Server {
    return this.#servers.get(keyOf(flow)) ?? { address: flow.server, port: flow.serverPort }
  }

  /** Whether packets of the flow have reached a server. */
  has(flow: Flow): boolean {
    return this.#servers.has(keyOf(flow))
  }

  /** The last packet of the flow that was sent through a tunnel, with its outer header. */
  tunnelled(flow: Flow): Uint8Array | undefined {
    return this.#tunnelled.get(keyOf(flow))
  }

  /** `out`: the frames that came out when the client had sent. */
  learn(flow: Flow, out: readonly SideFrame[]): void {
    for (const { side, frame } of out) {
      if (side !== 'r' || readU16(frame, 12) !== IPV4_TYPE || frame[23] === ICMP) continue
      if ((readU16(frame, 20) & 0x1fff) !== 0) continue
      const address = addrText(frame.slice(30, 34))
      const inner = innerAt(frame)
      if (inner !== undefined) {
        this.#tunnelled.set(keyOf(flow), frame.slice(MACS_AND_TYPE))
        this.#servers.set(keyOf(flow), { address, port: readU16(frame, inner + headerLen(frame, inner) + 2) })
        continue
      }
      const transport = MACS_AND_TYPE + headerLen(frame, MACS_AND_TYPE)
      const isDirect = address === flow.vip
      const last = frame[5]! // real servers 10.99.2.N have MAC addresses that end so
      this.#servers.set(keyOf(flow), {
        address: isDirect ? `10.99.2.${last.toString(16)}` : address,
        port: readU16(frame, transport + 2),
      })
    }
  }
}

/** Where the packet in a tunnel's packet starts; undefined for what is none. */
function innerAt(frame: Uint8Array): number | undefined {
  const at = MACS_AND_TYPE + headerLen(frame, MACS_AND_TYPE)
  switch (frame[23]) {
    case IPIP:
      return at
    case GRE:
      return at + (readU16(frame, at) === GRE_HAS_CHECKSUM ? 8 : 4)
    case UDP:
      return readU16(frame, at + 2) === GUE_PORT ? at + 12 : undefined
    default:
      return undefined
  }
}

function headerLen(frame: Uint8Array, at: number): number {
  return (frame[at]! & 0x0f) * 4
}

function keyOf({ protocol, client, clientPort, vip, vipPort }: Flow): string {
  return `${protocol} ${client}:${clientPort} ${vip}:${vipPort}`
}
