import { icmp4, packet4, payloadOf, tcp4, udp4, type Ipv4Options } from '../../support/frames.js'
import { Chunk, SCTP, sctp4 } from '../../support/sctp.js'
import type { Side } from '../case.js'
import type { Server } from './routes.js'
import type { ErrorStep, Flow, PacketStep } from './scenario.js'

const CHUNK_DATA_LEN = 4
const PROTOCOLS = { tcp: 6, udp: 17, sctp: SCTP }

const DIRECTOR = { c: '02:00:00:00:01:01', r: '02:00:00:00:02:01' }
const CLIENTS = '02:00:00:00:01:10'
const GATEWAY = '02:00:00:00:01:fe'

/** The frame of a step, given the server that has the flow. */
export function packetFrame({ flow, from, shape }: PacketStep, server: Server): Uint8Array {
  const ends = from === 'c' ? inbound(flow) : outbound(flow, server)
  const { protocol } = flow
  const options = {
    eth: ethernetOf(from, from === 'c' ? flow.client : server.address),
    ttl: shape.ttl,
    df: shape.df,
    payload: shape.payloadLen,
    ...(shape.checksum === 'wrong' && { checksum: 0xbad1 }),
    ...(shape.checksum === 'none' && { checksum: 0 }),
  }
  if (protocol === 'tcp') return tcp4(ends, { ...options, flags: shape.flags ?? '', ack: 5000 })
  if (protocol === 'udp') return udp4(ends, options)
  return sctp4(ends, { ...options, chunks: (shape.chunks ?? []).map(type => [type, CHUNK_DATA_LEN]) })
}

/** An ICMP error about what the sender had got of the flow: the client an answer from the VIP, the server a request. */
export function errorFrame(step: ErrorStep, server: Server): Uint8Array {
  const { flow, from, router, embeddedLen } = step
  const about = from === 'c' ? outbound(flow, { address: flow.vip, port: flow.vipPort }) : inboundAt(flow, server)
  const host = from === 'c' ? flow.client : server.address
  const embedded = packet4(addresses(about), PROTOCOLS[flow.protocol], transportStart(about, flow, embeddedLen), {
    ttl: 60,
    totalLen: 20 + Math.max(embeddedLen, 28),
  })
  const options: Ipv4Options = { eth: ethernetOf(from, router ?? host), ttl: step.ttl, df: false, tos: 0xc0 }
  return icmp4(`${router ?? host} > ${from === 'c' ? flow.vip : flow.client}`, {
    ...options,
    type: step.type,
    code: step.code,
    payload: embedded,
    ...(step.checksum === 'wrong' && { checksum: 0xbad1 }),
  })
}

function inbound({ client, clientPort, vip, vipPort }: Flow): string {
  return `${client}:${clientPort} > ${vip}:${vipPort}`
}

function inboundAt({ client, clientPort }: Flow, server: Server): string {
  return `${client}:${clientPort} > ${server.address}:${server.port}`
}

function outbound({ client, clientPort }: Flow, server: Server): string {
  return `${server.address}:${server.port} > ${client}:${clientPort}`
}

function addresses(ends: string): string {
  return ends.replaceAll(/:\d+/g, '')
}

/** Real servers 10.99.2.N speak from the MAC that the rig gives them, and so do clients nearby; all others are behind the gateway. */
function ethernetOf(from: Side, address: string): string {
  const last = Number(address.split('.')[3])
  const near = from === 'c' ? CLIENTS : `02:00:00:00:02:${last}`
  const isNear = address.startsWith(from === 'c' ? '10.99.1.' : '10.99.2.')
  const far = from === 'c' ? GATEWAY : '02:00:00:00:02:14'
  return `${isNear ? near : far} > ${DIRECTOR[from]}`
}

/** The first octets of a transport header, ports and some more. */
function transportStart(ends: string, { protocol }: Flow, len: number): Uint8Array {
  const whole = {
    tcp: () => tcp4(ends, { flags: 'A', ack: 5000, payload: 8 }),
    udp: () => udp4(ends, { payload: 20 }),
    sctp: () => sctp4(ends, { chunks: [[Chunk.DATA, 16]] }),
  }
  return payloadOf(whole[protocol]()).slice(0, len)
}
