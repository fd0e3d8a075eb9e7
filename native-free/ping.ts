import type { Ipv4Addr } from '../src/wire/addr.js'
import { IcmpType } from '../src/wire/icmp.js'
import { IpProtocol } from '../src/wire/ipv4.js'
import type { Datagram, Host, Transport } from './virtual-host.js'

/** A host's ICMP: answers echo requests, counts the answers to its own (RFC 792 p. 14). */
export class Ping implements Transport {
  readonly protocol = IpProtocol.ICMP
  /** Answers to our requests, by who answered. */
  readonly answers = new Map<Ipv4Addr, number>()
  /** Type and code of other messages, '3/1'. */
  readonly messages: string[] = []
  readonly #host: Host

  constructor(host: Host) {
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
