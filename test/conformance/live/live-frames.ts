import { icmp4, ip4, packet4, payloadOf, tcp4, udp4, unhex, type Ipv4Options } from '../../support/frames.js'
import { addrText, macText } from '../../support/octets.js'
import { Chunk, SCTP, sctp4 } from '../../support/sctp.js'
import type { Side } from '../case.js'
import type { Server } from './routes.js'
import type { EchoStep, ErrorStep, Flow, PacketStep, PieceStep, TunnelErrorStep, WholeStep } from './scenario.js'

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
    tos: shape.tos,
    df: shape.df,
    id: shape.id,
    ipOptions: unhex(shape.ipOptions),
    payload: shape.payloadLen,
    ...(shape.checksum === 'wrong' && { checksum: 0xbad1 }),
    ...(shape.checksum === 'none' && { checksum: 0 }),
  }
  if (protocol === 'tcp') return tcp4(ends, { ...options, flags: shape.flags ?? '', ack: 5000 })
  if (protocol === 'udp') return udp4(ends, options)
  const dataLen = (n: number) => (n === 0 && shape.payloadLen > 0 ? shape.payloadLen : CHUNK_DATA_LEN)
  return sctp4(ends, { ...options, chunks: (shape.chunks ?? []).map((type, n) => [type, dataLen(n)]) })
}

/** The frame of a step that is no piece of one. */
export function wholeFrame(step: WholeStep, server: Server): Uint8Array {
  if (step.kind === 'packet') return packetFrame(step, server)
  return step.kind === 'error' ? errorFrame(step, server) : echoFrame(step)
}

/** Cut many times: the last whole frames, and the servers that they were for. */
const whole = new WeakMap<WholeStep, { server: string; frame: Uint8Array }>()

/** A piece of the frame of a step. `firstId`: what the ids of this play start from. */
export function pieceFrame(step: PieceStep, server: Server, firstId: number): Uint8Array {
  const key = `${server.address}:${server.port}`
  let known = whole.get(step.of)
  if (known?.server !== key) whole.set(step.of, (known = { server: key, frame: wholeFrame(step.of, server) }))
  const { frame } = known
  const payload = new Uint8Array(step.len).fill(0xee)
  payload.set(payloadOf(frame).slice(step.at, step.at + step.len))
  const ipOptions = frame.slice(34, 14 + (frame[14]! & 0x0f) * 4)
  const options: Ipv4Options = {
    eth: `${macText(frame.slice(6, 12))} > ${macText(frame.slice(0, 6))}`,
    ttl: frame[22]!,
    tos: step.tos,
    id: (firstId + step.id) & 0xffff,
    df: step.df,
    mf: step.more,
    fragment: step.at >>> 3,
    ipOptions: step.at === 0 ? ipOptions : new Uint8Array(0),
  }
  return ip4(`${addrText(frame.slice(26, 30))} > ${addrText(frame.slice(30, 34))}`, frame[23]!, payload, options)
}

export function echoFrame({ from, host, to, payloadLen, ttl, tos, df }: EchoStep): Uint8Array {
  const options = { eth: ethernetOf(from, host), ttl, tos, df, type: 8, rest: 0x00010001, payload: payloadLen }
  return icmp4(`${host} > ${to}`, options)
}

/** An ICMP error about `packet`, which the director sent through a tunnel; about one that it may have sent, if that is not known. */
export function tunnelErrorFrame(step: TunnelErrorStep, server: Server, packet: Uint8Array | undefined): Uint8Array {
  const { flow, router, embeddedLen } = step
  const inner = packet4(addresses(inbound(flow)), PROTOCOLS[flow.protocol], transportStart(inbound(flow), flow, 28))
  const about = packet ?? packet4(`10.99.2.1 > ${server.address}`, 4, inner)
  const host = addrText(about.slice(16, 20))
  return icmp4(`${router ?? host} > ${addrText(about.slice(12, 16))}`, {
    eth: ethernetOf('r', router ?? host),
    df: false,
    tos: 0xc0,
    type: step.type,
    code: step.code,
    rest: step.mtu,
    payload: about.slice(0, embeddedLen),
    ...(step.checksum === 'wrong' && { checksum: 0xbad1 }),
  })
}

/** An ICMP error about what the sender had got of the flow: the client an answer from the VIP, the server a request. */
export function errorFrame(step: ErrorStep, server: Server): Uint8Array {
  const { flow, from, router, embeddedLen } = step
  const atVip = { address: flow.vip, port: flow.vipPort }
  const about = from === 'c' ? outbound(flow, atVip) : inboundAt(flow, step.quotes === 'vip' ? atVip : server)
  const host = from === 'c' ? flow.client : server.address
  const embedded = packet4(addresses(about), PROTOCOLS[flow.protocol], transportStart(about, flow, embeddedLen), {
    ttl: 60,
    totalLen: 20 + Math.max(embeddedLen, 28),
  })
  const { ttl, df, tos } = step
  const options: Ipv4Options = { eth: ethernetOf(from, router ?? host), ttl, df, tos }
  return icmp4(`${router ?? host} > ${from === 'c' ? flow.vip : flow.client}`, {
    ...options,
    type: step.type,
    code: step.code,
    rest: step.mtu,
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
  const last = address.split('.')[3]!.padStart(2, '0')
  const near = from === 'c' ? CLIENTS : `02:00:00:00:02:${last}`
  const isNear = address.startsWith(from === 'c' ? '10.99.1.' : '10.99.2.1')
  const far = from === 'c' ? GATEWAY : '02:00:00:00:02:14'
  return `${isNear ? near : far} > ${DIRECTOR[from]}`
}

/** The first octets of a transport header, ports and some more. */
function transportStart(ends: string, { protocol }: Flow, len: number): Uint8Array {
  const payload = Math.max(20, len)
  const packets = {
    tcp: () => tcp4(ends, { flags: 'A', ack: 5000, payload }),
    udp: () => udp4(ends, { payload }),
    sctp: () => sctp4(ends, { chunks: [[Chunk.DATA, payload]] }),
  }
  return payloadOf(packets[protocol]()).slice(0, len)
}
