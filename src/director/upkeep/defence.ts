/*
 * The kernel's defences against floods (ipvs-behaviour.md §10): drop_packet, drop_entry, secure_tcp. Each is off (0),
 * automatic and off (1), automatic and on (2), or on (3). Once a second the free memory switches the automatic ones.
 */
import type { Connections } from '../../conn/connections.js'
import { HZ } from '../../conn/jiffies.js'
import { ConnFlag, DPORT_PROTOCOL, NEXT, NONE, type ConnIndex } from '../../conn/record.js'
import { SctpState } from '../../conn/sctp-states.js'
import { KERNEL_BUCKETS } from '../../conn/table.js'
import { TcpState } from '../../conn/tcp-states.js'
import type { Sysctls } from '../../service/sysctls.js'
import { IpProtocol } from '../../wire/ipv4.js'

const CHECK_MS = 1000
/** Buckets of the kernel's table that random dropping visits in a second. */
const LOOKS = KERNEL_BUCKETS / 32
/** Connections with more inbound packets than this are never dropped at random. */
const MOST_PACKETS = 8
const IDLE = 60 * HZ

export class Defence {
  readonly #sysctls: Sysctls
  readonly #conns: Connections
  readonly #random: () => number
  readonly #availablePages: () => number
  #nextCheck: number
  /** One new connection in so many is dropped; 0: none. */
  #rate = 0
  #countdown = 0
  /** By number of packets: how many candidates remain until one is dropped. */
  readonly #passes = new Int32Array(MOST_PACKETS + 1)

  /** `availablePages`: free and buffer memory of the host, in 4 KiB pages. */
  constructor(sysctls: Sysctls, conns: Connections, random: () => number, availablePages: () => number, nowMs: number) {
    this.#sysctls = sysctls
    this.#conns = conns
    this.#random = random
    this.#availablePages = availablePages
    this.#nextCheck = nowMs + CHECK_MS
  }

  /** Acts once a second. */
  poll(nowMs: number): void {
    if (nowMs < this.#nextCheck) return
    this.#nextCheck += CHECK_MS * (1 + Math.floor((nowMs - this.#nextCheck) / CHECK_MS))
    this.evaluate()
    if (this.#sysctls.dropEntry >= 2) this.#dropEntries()
  }

  /** Sets every level by the free memory. Also called when one of the three sysctls changes. */
  evaluate(): void {
    const { dropEntry, dropPacket, secureTcp } = this.#sysctls
    if (dropEntry === 0 && dropPacket === 0 && secureTcp === 0) {
      this.#rate = 0
      this.#conns.states.secureTcp = false
      return
    }
    const { amemthresh } = this.#sysctls
    const available = this.#availablePages()
    const isLow = available < amemthresh
    this.#automatic('drop_entry', dropEntry, isLow)
    this.#automatic('drop_packet', dropPacket, isLow)
    this.#automatic('secure_tcp', secureTcp, isLow)
    this.#setRate(isLow, amemthresh, available)
    this.#conns.states.secureTcp = this.#sysctls.secureTcp > 1
  }

  /** Whether drop_packet drops this packet, which would open a connection. */
  dropsPacket(): boolean {
    if (this.#rate === 0 || --this.#countdown > 0) return false
    this.#countdown = this.#rate
    return true
  }

  #automatic(name: 'drop_entry' | 'drop_packet' | 'secure_tcp', level: number, isLow: boolean): void {
    if (level === 1 && isLow) this.#sysctls.rewrite(name, 2)
    else if (level === 2 && !isLow) this.#sysctls.rewrite(name, 1)
  }
  #setRate(isLow: boolean, amemthresh: number, available: number): void {
    const level = this.#sysctls.dropPacket
    if (level === 3) this.#rate = this.#sysctls.amDroprate
    else if (level === 2 && isLow) this.#countdown = this.#rate = Math.floor(amemthresh / (amemthresh - available))
    else this.#rate = 0
  }

  /** Drops half-open and some idle connections in a random share of the table (§10.2). */
  #dropEntries(): void {
    const { table } = this.#conns
    const share = table.buckets / KERNEL_BUCKETS
    for (let look = 0; look < LOOKS; look++) {
      const first = (this.#random() % KERNEL_BUCKETS) * share
      for (let bucket = first; bucket < first + share; bucket++) {
        let conn = table.bucketHead(bucket)
        while (conn !== NONE) {
          const next = table.words[conn + NEXT]! as ConnIndex
          if (this.#isDropped(conn)) this.#conns.drop(conn)
          conn = next
        }
      }
    }
  }
  #isDropped(conn: ConnIndex): boolean {
    const conns = this.#conns
    if (conns.childrenOf(conn) > 0) return false
    const state = conns.stateOf(conn)
    if (conns.has(conn, ConnFlag.TEMPLATE)) return state === 0
    switch (conns.table.words[conn + DPORT_PROTOCOL]! & 0xff) {
      case IpProtocol.TCP:
        if (state === TcpState.SYN_RECV || state === TcpState.SYNACK) return true
        return state === TcpState.ESTABLISHED && this.#isChosen(conn)
      case IpProtocol.SCTP:
        if (state === SctpState.INIT1 || state === SctpState.INIT) return true
        return state === SctpState.ESTABLISHED && this.#isChosen(conn)
      default:
        return this.#isChosen(conn)
    }
  }
  /** Whether it is idle for a minute, has few packets, and its turn has come: of those with n packets, every n-th. */
  #isChosen(conn: ConnIndex): boolean {
    this.#conns.settle(conn)
    const packets = this.#conns.inboundOf(conn)
    if (packets < 1 || packets > MOST_PACKETS || !this.#conns.timers.isIdleFor(conn, IDLE)) return false
    if (--this.#passes[packets]! > 0) return false
    this.#passes[packets] = packets
    return true
  }
}
