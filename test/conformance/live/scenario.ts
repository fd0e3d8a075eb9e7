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
  df: boolean
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
  checksum: 'right' | 'wrong'
  /** Octets of the transport header that are embedded. */
  embeddedLen: number
}

export interface CommandStep {
  kind: 'do'
  script: string
}

export interface PauseStep {
  kind: 'pause'
  seconds: number
}

export type LiveStep = PacketStep | ErrorStep | CommandStep | PauseStep

/** What both directors play. The setup goes well on both; a step may be refused, alike. */
export interface Scenario {
  name: string
  setup: string[]
  steps: LiveStep[]
}
