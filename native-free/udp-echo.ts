import type { Ipv4Addr } from '../src/wire/addr.js'
import { IpProtocol } from '../src/wire/ipv4.js'
import type { Datagram, Transport, VirtualHost } from './virtual-host.js'

const UDP_LEN = 8

/** A host's UDP: echoes datagrams to `echoPort`, keeps those to any other port (RFC 862). */
export class UdpEcho implements Transport {
  readonly protocol = IpProtocol.UDP
  /** 'address port text' of each datagram to another port than `echoPort`. */
  readonly heard: { src: Ipv4Addr; port: number; text: string }[] = []
  readonly #host: VirtualHost
  readonly #echoPort: number | undefined

  constructor(host: VirtualHost, echoPort?: number) {
    this.#host = host
    this.#echoPort = echoPort
  }

  send(addr: Ipv4Addr, port: number, fromPort: number, text: string): void {
    this.#send(addr, port, fromPort, Buffer.from(text))
  }

  input({ src, octets }: Datagram): void {
    const header = Buffer.from(octets)
    const srcPort = header.readUInt16BE(0)
    const dstPort = header.readUInt16BE(2)
    const payload = header.subarray(UDP_LEN)
    if (dstPort === this.#echoPort) this.#send(src, srcPort, dstPort, payload)
    else this.heard.push({ src, port: srcPort, text: payload.toString() })
  }

  #send(addr: Ipv4Addr, port: number, fromPort: number, payload: Uint8Array): void {
    const header = Buffer.alloc(UDP_LEN)
    header.writeUInt16BE(fromPort, 0)
    header.writeUInt16BE(port, 2)
    header.writeUInt16BE(UDP_LEN + payload.length, 4)
    this.#host.send(addr, IpProtocol.UDP, Buffer.concat([header, payload]))
  }
}
