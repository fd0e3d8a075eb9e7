import type { Ipv4Addr } from '../src/wire/addr.js'
import { IcmpType } from '../src/wire/icmp.js'
import { IpProtocol } from '../src/wire/ipv4.js'
import type { Datagram, Transport, VirtualHost } from './virtual-host.js'

/** A host's ICMP: replies to echo requests, counts replies to its own (RFC 792 p. 14). */
export class Ping implements Transport {
  readonly protocol = IpProtocol.ICMP
  /** Echo replies by source address. */
  readonly answers = new Map<Ipv4Addr, number>()
  /** Type and code of other messages, '3/1'. */
  readonly messages: string[] = []
  readonly #host: VirtualHost

  constructor(host: VirtualHost) {
    this.#host = host
  }

  ping(addr: Ipv4Addr, payload = 'uvs'): void {
    this.#host.send(
      addr,
      IpProtocol.ICMP,
      Buffer.concat([Buffer.of(IcmpType.ECHO, 0, 0, 0, 0, 1, 0, 1), Buffer.from(payload)]),
    )
  }

  input({ src, octets }: Datagram): void {
    if (octets[0] === IcmpType.ECHO) {
      const reply = Uint8Array.from(octets)
      reply[0] = IcmpType.ECHO_REPLY
      this.#host.send(src, IpProtocol.ICMP, reply)
    } else if (octets[0] === IcmpType.ECHO_REPLY) this.answers.set(src, (this.answers.get(src) ?? 0) + 1)
    else this.messages.push(`${octets[0]}/${octets[1]}`)
  }
}
