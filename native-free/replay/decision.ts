/*
 * What a director decided about a frame, read from its tables before and after: the connection that the frame is of, its state, its
 * real server. The director's own path is not touched.
 */
import { HZ } from '../../src/conn/jiffies.js'
import { DPORT_PROTOCOL, NONE, TIMEOUT, type ConnIndex } from '../../src/conn/record.js'
import { sctpStateNames } from '../../src/conn/sctp-states.js'
import { tcpStateNames } from '../../src/conn/tcp-states.js'
import type { Director } from '../../src/director/director.js'
import { IpProtocol } from '../../src/wire/ipv4.js'
import { ConnectionTexts, type ConnectionText } from './connection-texts.js'
import { FlowOfFrame } from './flow-of-frame.js'
import { octetsOf } from './text-octets.js'

/** Whether a frame had a connection before it, and after it. */
export const Found = { NONE: 0, OPENED: 1, KNOWN: 2, ENDED: 3 } as const
export type Found = (typeof Found)[keyof typeof Found]

const NO_OCTETS = new Uint8Array(0)
const NOTHING: ConnectionText = { remark: NO_OCTETS, json: NO_OCTETS }
const TCP_STATES = tcpStateNames.map(octetsOf)
const SCTP_STATES = sctpStateNames.map(octetsOf)
const UDP = octetsOf('UDP')

/** The same object for every frame. */
export class Decision {
  readonly flow = new FlowOfFrame()
  found: Found = Found.NONE
  /** Of the connection, if there is one after the frame. */
  connection = NOTHING
  /** Empty where there was no connection. */
  stateBefore: Uint8Array = NO_OCTETS
  stateAfter: Uint8Array = NO_OCTETS
  /** Seconds that it lives after the frame. */
  timeout = 0
  readonly #director: Director
  readonly #texts: ConnectionTexts
  #conn: ConnIndex = NONE

  constructor(director: Director) {
    this.#director = director
    this.#texts = new ConnectionTexts(director)
  }

  /** Notes what is there of the connection of the frame at `at`, before the director has it. */
  before(view: DataView, at: number, len: number): void {
    this.flow.read(view, at, len)
    this.#conn = this.#find()
    this.stateBefore = this.#conn === NONE ? NO_OCTETS : this.#stateOf(this.#conn)
  }

  /** Fills in what became of it. */
  after(): void {
    const conn = this.#find()
    if (conn === NONE) {
      this.found = this.#conn === NONE ? Found.NONE : Found.ENDED
      return
    }
    this.found = conn === this.#conn ? Found.KNOWN : Found.OPENED
    this.connection = this.#texts.of(conn)
    this.stateAfter = this.#stateOf(conn)
    this.timeout = this.#director.conns.table.words[conn + TIMEOUT]! / HZ
  }

  /** By what a packet of the client would be looked up, then by what one of the real server. */
  #find(): ConnIndex {
    const { protocol, srcAddr, srcPort, dstAddr, dstPort } = this.flow
    if (protocol === 0) return NONE
    const { table, fullnatKeys } = this.#director.conns
    const inbound = table.lookupInbound(protocol, srcAddr, srcPort, dstAddr, dstPort)
    if (inbound !== NONE) return inbound
    const outbound = table.lookupOutbound(protocol, srcAddr, srcPort, dstAddr, dstPort)
    return outbound !== NONE ? outbound : fullnatKeys.lookup(protocol, srcAddr, srcPort, dstAddr, dstPort)
  }

  #stateOf(conn: ConnIndex): Uint8Array {
    const { conns } = this.#director
    const protocol = conns.table.words[conn + DPORT_PROTOCOL]! & 0xff
    const state = conns.stateOf(conn)
    if (protocol === IpProtocol.TCP) return TCP_STATES[state]!
    return protocol === IpProtocol.SCTP ? SCTP_STATES[state]! : UDP
  }
}
