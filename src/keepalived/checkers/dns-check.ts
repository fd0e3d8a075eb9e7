import { randomInt } from 'node:crypto'
import type { DnsCheck } from '../config/tree/checker.js'
import { down, UP, type CheckResult } from './check-result.js'
import type { CheckSockets } from './check-sockets.js'
import { exchange } from './datagram-exchange.js'
import type { Peer } from './peer.js'

const TYPES: Record<string, number> = { A: 1, NS: 2, CNAME: 5, SOA: 6, MX: 15, TXT: 16, AAAA: 28 }
const CLASS_IN = 1
const HEADER_LEN = 12
const RECURSION_DESIRED = 0x0100
const IS_RESPONSE = 0x8000
const RCODE = 0x000f

/** DNS_CHECK: a query over UDP; a response with its id and rcode 0 is a success, however many answers it has. */
export function checkDns(
  checker: DnsCheck,
  peer: Peer,
  sockets: CheckSockets,
  signal: AbortSignal,
): Promise<CheckResult> {
  const id = randomInt(0x10000)
  const timedOut = (): CheckResult => down(`no response within ${checker.connectTimeoutMs} ms`)
  const received = (reply: Buffer): CheckResult | undefined => judgeResponse(id, reply)
  const request = dnsQuery(id, checker.type, checker.name)
  return exchange({ request, received, timedOut }, peer, checker.connectTimeoutMs, sockets, signal)
}

/** RFC 1035, 4.1: a header, one question. The name is one that a configuration lets pass: labels of 1 to 63 octets. */
export function dnsQuery(id: number, type: string, name: string): Buffer {
  const header = Buffer.alloc(HEADER_LEN)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(RECURSION_DESIRED, 2)
  header.writeUInt16BE(1, 4)
  const labels = name
    .split('.')
    .filter(label => label !== '')
    .map(label => Buffer.concat([Buffer.of(Buffer.byteLength(label)), Buffer.from(label)]))
  const question = Buffer.alloc(5)
  question.writeUInt16BE(TYPES[type.toUpperCase()] ?? TYPES['SOA']!, 1)
  question.writeUInt16BE(CLASS_IN, 3)
  return Buffer.concat([header, ...labels, question])
}

/** Undefined: no response to this query; another may come. */
export function judgeResponse(id: number, reply: Buffer): CheckResult | undefined {
  if (reply.length < HEADER_LEN || reply.readUInt16BE(0) !== id) return undefined
  const flags = reply.readUInt16BE(2)
  if ((flags & IS_RESPONSE) === 0) return undefined
  const rcode = flags & RCODE
  return rcode === 0 ? UP : down(`rcode = ${rcode}`)
}
