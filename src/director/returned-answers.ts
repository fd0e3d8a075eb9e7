/*
 * Reports a common mistake: a real server of direct routing or tunneling has the director as its default gateway, so that its
 * answers come to the director. Their source is a VIP, and they are dropped (DROP_SOURCE_IS_OURS), as Linux does. The path only
 * notes numbers; `poll` examines them between two turns of the loop.
 */
import type { Connections } from '../conn/connections.js'
import { NONE } from '../conn/record.js'
import type { Packet } from '../packet/packet.js'
import { isBalanced } from '../packet/parse.js'
import { Method } from '../service/method.js'
import { formatIpv4, type Ipv4Addr } from '../wire/addr.js'
import { PORTS_LEN } from '../wire/ports.js'
import type { Balancing } from './rules/balancing.js'

/** The most VIPs reported. */
const MOST_VIPS = 64
/** In place of a protocol: no packet is noted. */
const NOTHING = 0

export class ReturnedAnswers {
  readonly #conns: Connections
  readonly #balancing: Balancing
  readonly #tell: (what: string) => void
  readonly #told = new Set<Ipv4Addr>()
  /** The noted packet: its protocol and the flow that it would answer. */
  #protocol = NOTHING
  #vaddr = 0 as Ipv4Addr
  #caddr = 0 as Ipv4Addr
  #ports = 0

  constructor(conns: Connections, balancing: Balancing, tell: (what: string) => void) {
    this.#conns = conns
    this.#balancing = balancing
    this.#tell = tell
  }

  /** Notes a packet whose source is ours, one a turn. Its IPv4 header has been parsed. */
  note({ ip, protocol, slab, transportAt, transportLen }: Packet): void {
    if (this.#protocol !== NOTHING || this.#told.size === MOST_VIPS || !isBalanced(protocol)) return
    if (ip.isFragment || transportLen < PORTS_LEN) return
    this.#protocol = protocol
    this.#vaddr = ip.srcAddr
    this.#caddr = ip.dstAddr
    this.#ports = slab.view.getInt32(transportAt)
  }

  /** Once a turn of the loop. */
  poll(): void {
    if (this.#protocol === NOTHING) return
    const vaddr = this.#vaddr
    if (!this.#told.has(vaddr) && this.#isAnswer()) {
      this.#told.add(vaddr)
      this.#tell(textFor(vaddr))
    }
    this.#protocol = NOTHING
  }

  /** Whether a real server of a one-way method may have sent it. */
  #isAnswer(): boolean {
    const [vport, cport] = [this.#ports >>> 16, this.#ports & 0xffff]
    const conn = this.#conns.table.lookupInbound(this.#protocol, this.#caddr, cport, this.#vaddr, vport)
    if (conn !== NONE) return answersItself(this.#conns.methodOf(conn))
    const service = this.#balancing.lookup(0, this.#protocol, this.#vaddr, vport)
    // One-packet scheduling keeps no connections.
    return service?.settings.onePacket === true && service.destinations.some(({ method }) => answersItself(method))
  }

  /** Reports each VIP again. */
  clear(): void {
    this.#told.clear()
  }
}

function answersItself(method: Method): boolean {
  return method === Method.DIRECT || method === Method.TUNNEL
}

function textFor(vaddr: Ipv4Addr): string {
  return `answers of real servers from ${formatIpv4(vaddr)} come back to the director and are dropped (drop-source-is-ours): real servers of -g and -i need another default gateway than the director`
}
