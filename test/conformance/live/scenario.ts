import type { Side } from '../case.js'

export type Protocol = 'tcp' | 'udp' | 'sctp'

/** One client's talk with one virtual port. Which real server it has shows when the scenario is played. */
export interface Flow {
  protocol: Protocol
  client: string
  clientPort: number
  vip: string
  vipPort: number
  /** The server that answers if the client's packets went to none. */
  server: string
  serverPort: number
}

/** What a packet is like, apart from who speaks. */
export interface Shape {
  /** TCP: letters of FSRPAUEC. */
  flags?: string
  /** SCTP: types of the chunks. */
  chunks?: number[]
  payloadLen: number
  ttl: number
  tos: number
  df: boolean
  /** The IP identification. */
  id: number
  /** IP options as hex octets, a multiple of 4. */
  ipOptions: string
  /** The transport checksum: right, wrong, or, of UDP, none. */
  checksum: 'right' | 'wrong' | 'none'
}

export interface PacketStep {
  kind: 'packet'
  flow: Flow
  /** Who sends: the client, or the real server. */
  from: Side
  shape: Shape
}

/** An ICMP error about a flow's last packet in the other direction. */
export interface ErrorStep {
  kind: 'error'
  flow: Flow
  from: Side
  type: number
  code: number
  /** The router that says so; the host itself if left out. */
  router: string | undefined
  ttl: number
  tos: number
  df: boolean
  checksum: 'right' | 'wrong'
  /** The next hop's MTU that it tells. */
  mtu: number
  /** Octets of the transport header that are embedded, and of what follows it. */
  embeddedLen: number
  /** From a server: whether the packet was to it, as by NAT, or to the VIP, as by direct routing and out of a tunnel. */
  quotes: 'server' | 'vip'
}

/** An ICMP error about a packet that the director sent through a tunnel, to the director. */
export interface TunnelErrorStep {
  kind: 'tunnel-error'
  /** Whose last packet was sent through the tunnel. */
  flow: Flow
  type: number
  code: number
  router: string | undefined
  checksum: 'right' | 'wrong'
  mtu: number
  /** Octets of it that are embedded. */
  embeddedLen: number
}

/** An echo request to one of the director's addresses. */
export interface EchoStep {
  kind: 'echo'
  from: Side
  host: string
  to: string
  payloadLen: number
  ttl: number
  tos: number
  df: boolean
}

export type WholeStep = PacketStep | ErrorStep | EchoStep

/** A piece of a datagram. */
export interface PieceStep {
  kind: 'piece'
  of: WholeStep
  /** Of all pieces of one datagram the same, and of no other's; from 0 up to PLAY_IDS. */
  id: number
  /** Octets of the datagram's payload before it, a multiple of 8, and in it; what is behind the datagram's end is made up. */
  at: number
  len: number
  more: boolean
  df: boolean
  tos: number
}

/** As many datagrams in pieces may a scenario have. */
export const PLAY_IDS = 64

export interface CommandStep {
  kind: 'do'
  script: string
}

export interface PauseStep {
  kind: 'pause'
  seconds: number
}

export type SendableStep = WholeStep | PieceStep | TunnelErrorStep
export type LiveStep = SendableStep | CommandStep | PauseStep

/** What both directors play. The setup goes well on both; a step may be refused, alike. */
export interface Scenario {
  name: string
  setup: string[]
  steps: LiveStep[]
}
