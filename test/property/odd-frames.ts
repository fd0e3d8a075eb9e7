import * as fc from '../support/properties.js'
import { LADDR, keyAt, LPORT } from '../../src/conn/fullnat-keys.js'
import type { DestinationSettingsInfo, ServiceSettingsInfo } from '../../src/control/protocol/api.js'
import { BenchDirector, fromClient, fromServer, VIP } from '../support/bench-director.js'
import { formatIpv4, type Ipv4Addr } from '../../src/wire/addr.js'
import { partialHeader, tcp4, udp4, unhex, virtioHeader } from '../support/frames.js'
import { records } from '../support/records.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

/* Frames of open connections, some octets of them changed. */

const CLIENTS = [10, 11]
export const CPORT = 4000
const IP_AT = 14
const HEADER_LEN = 10

export interface Drawn {
  method: DestinationSettingsInfo['method']
  clientAddress: ServiceSettingsInfo['clientAddress']
  frames: DrawnFrame[]
}
export interface DrawnFrame {
  isTcp: boolean
  isAnswer: boolean
  client: number
  flags: string
  payload: number
  ack: number
  /** TCP's, in hexadecimal. */
  options: string
  header: 'none' | 'partial' | 'gso' | 'valid'
  df: boolean
  ttl: number
  /** UDP without a checksum. */
  isUnsummed: boolean
  /** [from the virtio-net header on, value] */
  changed: [number, number][]
  /** Whether the IP checksum is made right again. */
  isMended: boolean
  /** Octets cut off or put behind. */
  cut: number
  ms: number
}

const frame: fc.Arbitrary<DrawnFrame> = fc.record({
  isTcp: fc.boolean(),
  isAnswer: fc.boolean(),
  client: fc.constantFrom(...CLIENTS),
  flags: fc.constantFrom('A', 'A', 'A', 'PA', 'FA', 'R', 'RA', 'S', 'SA', ''),
  payload: fc.constantFrom(0, 1, 10, 1400, 1460, 3000, 9000),
  ack: fc.constantFrom(0, 5000, 5000),
  options: fc.constantFrom('', '', '0101080a0000000100000002', '0101fe081234cb0071090101', '00fe0112', 'fe03aafe'),
  header: fc.constantFrom('none', 'none', 'partial', 'gso', 'valid'),
  df: fc.boolean(),
  ttl: fc.constantFrom(64, 64, 64, 255, 2, 1, 0),
  isUnsummed: fc.boolean(),
  changed: fc.array(fc.tuple(fc.nat(63), fc.oneof(fc.nat(255), fc.constantFrom(0, 255, 127, 224))), { maxLength: 2 }),
  isMended: fc.boolean(),
  cut: fc.constantFrom(0, 0, 0, 0, 1, -1, -20, 6),
  ms: fc.constantFrom(0, 0, 0, 10, 3000, 61_000),
})
export const drawn: fc.Arbitrary<Drawn> = fc.record({
  method: fc.constantFrom('masq', 'masq', 'fullnat', 'fullnat', 'direct', 'tunnel'),
  clientAddress: fc.constantFrom('none', 'none', 'toa', 'toa', 'proxy-v2'),
  frames: fc.array(frame, { minLength: 5, maxLength: 40 }),
})

/** A director with open connections. */
export function begun(
  { method, clientAddress }: Drawn,
  options: ConstructorParameters<typeof BenchDirector>[0],
): BenchDirector {
  const director = new BenchDirector(options)
  for (const [protocol, port] of [
    ['tcp', 80],
    ['udp', 53],
  ] as const) {
    const service = { protocol, address: VIP, port }
    const told = protocol === 'tcp' ? { clientAddress } : {}
    director.must({ op: 'add-service', service, settings: serviceSettings('rr', told as Partial<ServiceSettingsInfo>) })
    if (method === 'fullnat') director.must({ op: 'add-local-address', service, address: '10.99.2.201' })
    const destination = { address: '10.99.2.11', port: method === 'direct' || method === 'tunnel' ? port : 8000 + port }
    director.must({ op: 'add-destination', service, destination, settings: destinationSettings(1, { method }) })
  }
  for (const client of CLIENTS) {
    const from = `10.99.1.${client}:${CPORT}`
    director.receive('c', tcp4(`${from} > ${VIP}:80`, { ...fromClient, flags: 'S' }))
    director.receive('c', udp4(`${from} > ${VIP}:53`, fromClient))
    const answer = answerFlow(director, true, client)
    if (answer) director.receive('r', tcp4(answer, { ...fromServer(), flags: 'SA' }))
    director.receive('c', tcp4(`${from} > ${VIP}:80`, { ...fromClient, flags: 'A' }))
  }
  director.out()
  return director
}

/** 'real server > whom it sees' of a client's connection, undefined when that has ended. */
function answerFlow(director: BenchDirector, isTcp: boolean, client: number): string | undefined {
  const { conns } = director.director
  const server = `10.99.2.11:${isTcp ? 8080 : 8053}`
  if (conns.fullnatKeys.count === 0) return `${server} > 10.99.1.${client}:${CPORT}`
  const protocol = isTcp ? 6 : 17
  const [conn] = records(conns).filter(each => {
    const { words } = conns.table
    return (words[each]! & 0xff) === client && (words[each + 4]! & 0xff) === protocol
  })
  if (conn === undefined) return undefined
  const at = keyAt(conn)
  return `${server} > ${formatIpv4(conns.fullnatKeys.words[at + LADDR]! as Ipv4Addr)}:${conns.fullnatKeys.words[at + LPORT]}`
}

/** The drawn frame and its virtio-net header; undefined if there is no such one. */
export function made(director: BenchDirector, each: DrawnFrame): { frame: Uint8Array; header: Uint8Array } | undefined {
  const { isTcp, isAnswer, client, flags, df, ttl } = each
  const isLarge = each.payload > 1460
  if (isLarge && each.header !== 'gso' && each.payload > 8000) return undefined
  const to = `10.99.1.${client}:${CPORT} > ${VIP}:${isTcp ? 80 : 53}`
  const flow = isAnswer ? answerFlow(director, isTcp, client) : to
  if (flow === undefined) return undefined
  const partial = each.header === 'partial' || each.header === 'gso'
  const options = { ...(isAnswer ? fromServer() : fromClient), df, ttl, payload: each.payload, partial }
  const tcpOptions = unhex(each.options)
  let octets = isTcp ? tcp4(flow, { ...options, flags, ack: each.ack, tcpOptions }) : udp4(flow, options)
  const gso = { gsoType: isTcp ? 1 : 5, gsoSize: 1400 }
  const header = partial ? partialHeader(octets, each.header === 'gso' ? gso : {}) : virtioHeader()
  if (each.header === 'valid') header[0] = 2
  if (each.isUnsummed && !isTcp) octets.fill(0, IP_AT + 26, IP_AT + 28)
  for (const [at, octet] of each.changed) {
    if (at < HEADER_LEN) header[at] = octet
    else octets[at - HEADER_LEN] = octet
  }
  if (each.isMended) mend(octets)
  if (each.cut < 0) octets = octets.slice(0, each.cut)
  else if (each.cut > 0) octets = Uint8Array.from([...octets, ...new Uint8Array(each.cut)])
  return { frame: octets, header }
}

function mend(octets: Uint8Array): void {
  const len = (octets[IP_AT]! & 15) * 4
  octets.fill(0, IP_AT + 10, IP_AT + 12)
  let sum = 0
  for (let at = IP_AT; at < IP_AT + len; at += 2) sum += (octets[at]! << 8) | octets[at + 1]!
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  octets[IP_AT + 10] = (~sum >>> 8) & 0xff
  octets[IP_AT + 11] = ~sum & 0xff
}
