import type { ConnectionPage, ServiceKey, ServiceSettingsInfo } from '../../src/control/protocol/api.js'
import {
  BenchDirector,
  CLIENT_MAC,
  endpoint,
  fromClient,
  fromServer,
  GATEWAY_MAC,
  MAC_C,
  VIP,
} from '../support/bench-director.js'
import { icmp4, packetOf, tcp4, udp4, type TcpOptions } from '../support/frames.js'
import { addrText, readU16 } from '../support/octets.js'
import { sctp4 } from '../support/sctp.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

export const CLIENT = '10.99.1.10'
/** The real servers' addresses. */
export const RS = ['10.99.2.11', '10.99.2.12', '10.99.2.13'] as const

/** Chunks by name, for `sctp`. */
export type Chunks = readonly (number | [number, number])[]

/**
 * A director between clients and real servers, asked as a person would: who gets this packet, which connections are
 * there, what is counted. Frames themselves are compared in other tests.
 */
export class Scene extends BenchDirector {
  constructor(options: ConstructorParameters<typeof BenchDirector>[0] = {}) {
    super(options)
  }

  /** A service, 'tcp 10.99.1.100:80' or 'mark 7', and its servers 'address:port[ weight[ upper[ lower]]]'. */
  service(text: string, settings: Partial<ServiceSettingsInfo> = {}, ...servers: string[]): ServiceKey {
    const key = keyOf(text)
    const { scheduler = 'rr', ...more } = settings
    this.must({ op: 'add-service', service: key, settings: serviceSettings(scheduler, more) })
    for (const server of servers) this.addServer(key, server)
    this.poll()
    this.take()
    return key
  }
  addServer(service: ServiceKey, text: string): void {
    const [at = '', weight = '1', upper = '0', lower = '0'] = text.split(' ')
    const thresholds = { upperThreshold: Number(upper), lowerThreshold: Number(lower) }
    const settings = destinationSettings(Number(weight), thresholds)
    this.must({ op: 'add-destination', service, destination: endpoint(at), settings })
  }
  editServer(service: ServiceKey, text: string): void {
    const [at = '', weight = '1', upper = '0', lower = '0'] = text.split(' ')
    const thresholds = { upperThreshold: Number(upper), lowerThreshold: Number(lower) }
    const settings = destinationSettings(Number(weight), thresholds)
    this.must({ op: 'edit-destination', service, destination: endpoint(at), settings })
  }
  deleteServer(service: ServiceKey, at: string): void {
    this.must({ op: 'delete-destination', service, destination: endpoint(at) })
  }
  sysctl(name: string, value: number | string): void {
    this.must({ op: 'set-sysctl', name, value: String(value) })
  }
  sysctlOf(name: string): string {
    return this.director.sysctls.get(name)!
  }

  /** From a client, 'address:port', to 'address:port' of ours: the real server that gets it, or the verdict. */
  tcp(from: string, to = `${VIP}:80`, flags = 'S', options: TcpOptions = {}): string {
    return this.#inbound(tcp4(`${from} > ${to}`, { flags, ...from0(from), ...options }))
  }
  udp(from: string, to = `${VIP}:53`): string {
    return this.#inbound(udp4(`${from} > ${to}`, { payload: 5, ...from0(from) }))
  }
  sctp(from: string, to: string, chunks: Chunks): string {
    return this.#inbound(sctp4(`${from} > ${to}`, { chunks, ...from0(from) }))
  }
  /** From a real server: who the answer is from when it leaves, or the verdict. */
  tcpAnswer(from: string, to: string, flags = 'SA'): string {
    return this.#outbound(from, tcp4(`${from} > ${to}`, { flags, ...fromServer(serverOf(from)) }))
  }
  udpAnswer(from: string, to: string): string {
    return this.#outbound(from, udp4(`${from} > ${to}`, { ...fromServer(serverOf(from)) }))
  }
  sctpAnswer(from: string, to: string, chunks: Chunks): string {
    return this.#outbound(from, sctp4(`${from} > ${to}`, { chunks, ...fromServer(serverOf(from)) }))
  }
  /** An ICMP error from a client’s side about a packet that the virtual service is thought to have sent. */
  error(about: Uint8Array): string {
    const payload = packetOf(about)
    return this.#inbound(icmp4(`${CLIENT} > ${VIP}`, { type: 3, code: 3, payload, ...fromClient }))
  }
  /** A handshake as far as ESTABLISHED; answers who serves it. */
  connect(from: string, to = `${VIP}:80`): string {
    const server = this.tcp(from, to, 'S')
    this.tcpAnswer(server, from, 'SA')
    this.tcp(from, to, 'A')
    return server
  }

  /** 'tcp SYN_RECV 60 10.99.1.10:40000 10.99.1.100:80 10.99.2.11:8080', sorted. */
  connections(): string[] {
    const lines: string[] = []
    let from: number | null = 0
    while (from !== null) {
      const page: ConnectionPage | string = this.ask({ op: 'connections', from })
      if (typeof page === 'string') throw new Error(page)
      for (const row of page.rows) {
        const ends = [`${row.caddr}:${row.cport}`, `${row.vaddr}:${row.vport}`, `${row.daddr}:${row.dport}`]
        lines.push(`${row.protocol} ${row.state} ${row.expires} ${ends.join(' ')}`)
      }
      from = page.next
    }
    return lines.toSorted()
  }
  /** 'active–inactive' of a real server, and '–persistent' if it has templates. */
  counts(service: ServiceKey, at: string): string {
    const { address, port } = endpoint(at)
    const infos = this.services(service)
    if (typeof infos === 'string') return infos
    const dest = infos[0]!.destinations.find(each => each.address === address && each.port === port)!
    return `${dest.activeConns}–${dest.inactConns}${dest.persistConns > 0 ? `–${dest.persistConns}` : ''}`
  }
  /** Frames that went back to the client since the last turn was taken: ICMP ones as 'icmp type/code'. */
  lastSent: string[] = []

  #inbound(frame: Uint8Array): string {
    const verdict = this.receive('c', frame)
    const sent = this.take()
    this.lastSent = sent.map(({ link, frame: out }) => `${link} ${describe(out)}`)
    const passed = sent.find(({ link }) => link === 'r')
    if (verdict !== 'balanced' || !passed) return verdict
    return endOf(passed.frame, 16, 2)
  }
  #outbound(_from: string, frame: Uint8Array): string {
    const verdict = this.receive('r', frame)
    const sent = this.take()
    this.lastSent = sent.map(({ link, frame: out }) => `${link} ${describe(out)}`)
    const passed = sent.find(({ link }) => link === 'c')
    if (verdict !== 'balanced' || !passed) return verdict
    return endOf(passed.frame, 12, 0)
  }
}

/** Clients outside 10.99.1.0/24 come through the gateway. */
function from0(from: string): { eth: string } {
  return { eth: `${from.startsWith('10.99.1.') ? CLIENT_MAC : GATEWAY_MAC} > ${MAC_C}` }
}
function serverOf(at: string): number {
  return Number(at.split(':')[0]!.split('.')[3])
}
function keyOf(text: string): ServiceKey {
  const [protocol = '', at = ''] = text.split(' ')
  if (protocol === 'mark') return { mark: Number(at) }
  return { protocol: protocol as 'tcp' | 'udp' | 'sctp', ...endpoint(at) }
}
/** 'address:port' out of a frame: octets of the address in the IP header, of the port in the transport header. */
function endOf(frame: Uint8Array, addrAt: number, portAt: number): string {
  const packet = packetOf(frame)
  const transport = (packet[0]! & 15) * 4
  return `${addrText(packet.slice(addrAt, addrAt + 4))}:${readU16(packet, transport + portAt)}`
}
function describe(frame: Uint8Array): string {
  const packet = packetOf(frame)
  return packet[9] === 1
    ? `icmp ${packet[20]}/${packet[21]} to ${addrText(packet.slice(16, 20))}`
    : `protocol ${packet[9]}`
}
