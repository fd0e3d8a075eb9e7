/*
 * Handles an ordinary packet of an open connection in one function: bit for bit what the whole path (whole-path.ts) does in
 * some thirty steps. It changes nothing before all checks have passed. PASS hands the untouched frame to the whole path, if
 * the packet is malformed, has odd addresses, is a fragment, SCTP, ICMP or a SYN, has IP options, is too large, has no
 * connection, a sampled one or one of a program of this host, no live real server or no known next hop, goes into a tunnel, must carry the client's address, has options to
 * remove, or an unusual virtio-net header.
 *
 * 1. our MAC, IPv4 header of 20 octets, checksum, TTL, length, TCP or UDP, addresses
 * 2. its connection: to our address, the client's or FULLNAT's local side; to another, NAT's answer
 * 3. route, MTU, next hop's MAC
 * 4. counters, state                       conn/conn-states
 * 5. its flow, to the flow program         offload/flow-keeper; of a tunnel: path/tunnel-flows
 * 6. addresses, ports, checksums, MACs     → BALANCED
 */
import type { ConnStates } from '../../conn/conn-states.js'
import type { Connections } from '../../conn/connections.js'
import { Direction } from '../../conn/direction.js'
import * as fromFullnatKeys from '../../conn/fullnat-keys.js'
import { isHandedOver, keyAt, type FullnatKeys } from '../../conn/fullnat-keys.js'
import * as fromRecord from '../../conn/record.js'
import { ConnFlag, type ConnIndex } from '../../conn/record.js'
import type { ConnTable } from '../../conn/table.js'
import type { OwnAddresses } from '../../neigh/own-addresses.js'
import type { Neighbours } from '../../neigh/neighbours.js'
import { isFreeOfToa } from '../../forward/toa.js'
import * as fromRoutes from '../../neigh/routes.js'
import type { Routes } from '../../neigh/routes.js'
import * as fromLocalPort from '../../packet/local-port.js'
import * as fromFrame from '../../packet/frame.js'
import type { Egress, Slab } from '../../packet/frame.js'
import type { Link } from '../../packet/link.js'
import { Verdict } from '../../packet/verdict.js'
import type { Counters } from '../../service/counters.js'
import { ClientAddress, Method } from '../../service/method.js'
import { isLoopback, isZeronet, type Ipv4Addr } from '../../wire/addr.js'
import * as fromEthernet from '../../wire/ethernet.js'
import { EtherType } from '../../wire/ethernet.js'
import * as fromIpv4 from '../../wire/ipv4.js'
import { IpProtocol } from '../../wire/ipv4.js'
import * as fromTcp from '../../wire/tcp.js'
import { TcpFlag } from '../../wire/tcp.js'
import * as fromUdp from '../../wire/udp.js'
import { sentCheck } from '../../wire/udp.js'
import { GsoType } from '../../wire/virtio-net.js'
import type { FlowKeeper } from '../offload/flow-keeper.js'
import { emptyChange, formOf } from '../offload/slot-writer.js'
import type { Balancing } from '../rules/balancing.js'
import { folded, halves, mended, swapped } from './fast-sums.js'

// V8 folds a module's own constants, but loads imported ones each time.
const { INBOUND, OUTBOUND } = Direction
const { HAND_OVER, LADDR, LPORT } = fromFullnatKeys
const { CADDR, CPORT_VPORT, DADDR, DPORT_PROTOCOL, FLAGS, NONE, VADDR } = fromRecord
const { OF_HOST, METHOD, SAMPLED } = ConnFlag
const { ON_LINK } = fromRoutes
const { FIRST_LOCAL_PORT } = fromLocalPort
const { VNET_LEN } = fromFrame
const { PASS, BALANCED } = Verdict
const { TOA } = ClientAddress
const { MASQ, DIRECT, FULLNAT } = Method
const { ETHER_TYPE_AT, ETHERNET_LEN } = fromEthernet
const { IPV4 } = EtherType
const { FRAGMENT, IPV4_DST_ADDR_AT, IPV4_MIN_LEN, IPV4_SRC_ADDR_AT, PLAIN_IPV4 } = fromIpv4
const { TCP, UDP } = IpProtocol
const { TCP_CHECKSUM_AT, TCP_DATA_OFFSET_AT, TCP_FLAGS_AT, TCP_MIN_LEN } = fromTcp
const { SYN } = TcpFlag
const { UDP_CHECKSUM_AT, UDP_LEN } = fromUdp
const { ECN, TCPV4, UDP_L4 } = GsoType

// Offsets of fields as they are read here. Ethernet (wire/ethernet.ts): the upper two and the lower four octets of a MAC.
const DST_HI_AT = 0
const DST_LO_AT = 2
const SRC_HI_AT = 6
const SRC_LO_AT = 8
// RFC 791 §3.1, five words: version to total length, identification to fragment offset, TTL to checksum, two addresses.
const VERSION_TO_LENGTH_AT = 0
const ID_TO_OFFSET_AT = 4
const TTL_TO_CHECKSUM_AT = 8
const LEAST = ETHERNET_LEN + IPV4_MIN_LEN + UDP_LEN
const TRANSPORT_AT = ETHERNET_LEN + IPV4_MIN_LEN
// The virtio-net header (wire/virtio-net.ts): flags at 0.
const NEEDS_CSUM = 1
const GSO_TYPE_AT = 1
const HEADER_LEN_AT = 2
const GSO_SIZE_AT = 4
const CSUM_START_AT = 6
/** csum_start, and csum_offset in the upper half. */
const TCP_CSUM = (TCP_CHECKSUM_AT << 16) | TRANSPORT_AT
const UDP_CSUM = (UDP_CHECKSUM_AT << 16) | TRANSPORT_AT
/** Packets of a sampled connection, and of one whose client is a program of this host, take the whole path. */
const SLOW = SAMPLED | OF_HOST
/** With the method: such a connection equals no Method. */
const METHOD_OR_SLOW = METHOD | SLOW

export interface FastPathParts {
  readonly balancing: Balancing
  readonly conns: Connections
  readonly counters: Counters
  readonly ownAddresses: OwnAddresses
  readonly routes: Routes
  readonly neighbours: Neighbours
  readonly egress: Egress
  readonly flows: FlowKeeper | undefined
}

export class FastPath {
  readonly #balancing: Balancing
  readonly #conns: Connections
  readonly #states: ConnStates
  readonly #table: ConnTable
  readonly #words: Int32Array
  readonly #keys: FullnatKeys
  readonly #counters: Counters
  readonly #ownAddresses: OwnAddresses
  readonly #routes: Routes
  readonly #neighbours: Neighbours
  readonly #egress: Egress
  readonly #flows: FlowKeeper | undefined
  readonly #change = emptyChange()

  constructor({ balancing, conns, counters, ownAddresses, routes, neighbours, egress, flows }: FastPathParts) {
    this.#balancing = balancing
    this.#conns = conns
    this.#states = conns.states
    this.#table = conns.table
    this.#words = conns.table.words
    this.#keys = conns.fullnatKeys
    this.#counters = counters
    this.#ownAddresses = ownAddresses
    this.#routes = routes
    this.#neighbours = neighbours
    this.#egress = egress
    this.#flows = flows
  }

  /**
   * Returns BALANCED, DROP_DEVICE_QUEUE, or PASS with the frame unchanged.
   *
   * Long on purpose: cut into a function a step, an inbound NAT packet took 89 to 112 ns instead of 76 to 79, by direct routing 83 to
   * 97 instead of 67 to 85 (docs/measurements.md, 2026-11-29).
   */
  receive({ mac }: Link, slab: Slab, at: number, len: number): Verdict {
    // 1. Is it to our MAC, plain and whole, TCP or UDP, with ordinary addresses?
    const { view } = slab
    if (len < LEAST) return PASS
    if (view.getUint32(at + DST_LO_AT) !== mac.lo || view.getUint16(at + DST_HI_AT) !== mac.hi) return PASS
    if (view.getUint16(at + ETHER_TYPE_AT) !== IPV4) return PASS
    const ip = at + ETHERNET_LEN
    const versionToLength = view.getInt32(ip + VERSION_TO_LENGTH_AT)
    const idToOffset = view.getInt32(ip + ID_TO_OFFSET_AT)
    const ttlToChecksum = view.getInt32(ip + TTL_TO_CHECKSUM_AT)
    const src = view.getInt32(ip + IPV4_SRC_ADDR_AT) as Ipv4Addr
    const dst = view.getInt32(ip + IPV4_DST_ADDR_AT) as Ipv4Addr
    if (versionToLength >>> 24 !== PLAIN_IPV4 || (idToOffset & FRAGMENT) !== 0 || ttlToChecksum >>> 24 <= 1) return PASS
    const sum = halves(versionToLength) + halves(idToOffset) + halves(ttlToChecksum) + halves(src) + halves(dst)
    if (folded(sum) !== 0xffff) return PASS
    const ipLen = versionToLength & 0xffff
    if (ipLen > len - ETHERNET_LEN || isOdd(src) || isOdd(dst)) return PASS
    const transport = at + TRANSPORT_AT
    const protocol = (ttlToChecksum >>> 16) & 0xff
    const isTcp = protocol === TCP
    let signal = 0
    if (isTcp) {
      if (ipLen < IPV4_MIN_LEN + TCP_MIN_LEN) return PASS
      signal = view.getUint8(transport + TCP_FLAGS_AT)
      if ((signal & SYN) !== 0) return PASS
    } else if (protocol !== UDP || ipLen < IPV4_MIN_LEN + UDP_LEN) return PASS
    if (this.#ownAddresses.has(src) || this.#routes.isBroadcast(dst) || this.#balancing.count === 0) return PASS

    // 2. Which connection is it of?
    const words = this.#words
    const keys = this.#keys
    const ports = view.getInt32(transport)
    let conn: ConnIndex
    // Its next destination, and its addresses and ports on leaving.
    let to = dst
    let toSrc = src
    let toDst = dst
    let toPorts = ports
    let isInbound = false
    let isTranslated = true
    // The real server learns the client's address by TOA: the client's own options must be checked.
    let usesToa = false
    if (!this.#ownAddresses.has(dst)) {
      conn = this.#table.lookupOutbound(protocol, src, ports >>> 16, dst, ports & 0xffff)
      if (conn === NONE || (words[conn + FLAGS]! & METHOD_OR_SLOW) !== MASQ) return PASS
      toSrc = words[conn + VADDR]! as Ipv4Addr
      toPorts = swapped(words[conn + CPORT_VPORT]!)
    } else if (
      (ports & 0xffff) >= FIRST_LOCAL_PORT &&
      keys.isLaddr(dst) &&
      (conn = keys.lookup(protocol, src, ports >>> 16, dst, ports & 0xffff)) !== NONE
    ) {
      if ((words[conn + FLAGS]! & SLOW) !== 0) return PASS
      if (!isHandedOver(keys.words[keyAt(conn) + HAND_OVER]!)) return PASS
      to = toDst = words[conn + CADDR]! as Ipv4Addr
      toSrc = words[conn + VADDR]! as Ipv4Addr
      toPorts = swapped(words[conn + CPORT_VPORT]!)
    } else {
      conn = this.#table.lookupInbound(protocol, src, ports >>> 16, dst, ports & 0xffff)
      if (conn === NONE) return PASS
      isInbound = true
      to = words[conn + DADDR]! as Ipv4Addr
      if (isLoopback(to) || this.#ownAddresses.has(to)) return PASS
      const method = words[conn + FLAGS]! & METHOD_OR_SLOW
      if (method === DIRECT) isTranslated = false
      else {
        toDst = to
        toPorts = (ports & ~0xffff) | (words[conn + DPORT_PROTOCOL]! >>> 16)
        if (method === FULLNAT) {
          const mine = keyAt(conn)
          const state = keys.words[mine + HAND_OVER]!
          if (!isHandedOver(state)) return PASS
          usesToa = (state & 0xff) === TOA
          toSrc = keys.words[mine + LADDR]! as Ipv4Addr
          toPorts = (keys.words[mine + LPORT]! << 16) | (toPorts & 0xffff)
        } else if (method !== MASQ) return PASS
      }
    }
    // 3. Route, MTU, next hop's MAC.
    const dest = this.#conns.destinationOf(conn)
    const route = this.#routes.lookup(to)
    if (!dest.available || route === undefined) return PASS
    if (isInbound && isTcp && (usesToa || dest.believesToa) && !isFreeOfToa(view, transport, ipLen)) return PASS

    const vnet = at - VNET_LEN
    const mtu = this.#routes.pathMtu(to, route)
    let headerLen = 0
    const gsoType = view.getUint8(vnet + GSO_TYPE_AT)
    if (gsoType !== 0) {
      if (isTcp ? (gsoType & ~ECN) !== TCPV4 : gsoType !== UDP_L4) return PASS
      const tcpLen = isTcp ? (view.getUint8(transport + TCP_DATA_OFFSET_AT) >>> 4) << 2 : TCP_MIN_LEN
      headerLen = TRANSPORT_AT + (isTcp ? tcpLen : UDP_LEN)
      const size = view.getUint16(vnet + GSO_SIZE_AT, true)
      const segmentLen = headerLen - ETHERNET_LEN + size
      if (size === 0 || tcpLen < TCP_MIN_LEN || segmentLen >= ipLen || segmentLen > mtu) return PASS
    } else if (ipLen > mtu) return PASS
    const flags = view.getUint8(vnet) & NEEDS_CSUM
    const isPartial = flags !== 0
    if (isPartial && view.getInt32(vnet + CSUM_START_AT, true) !== (isTcp ? TCP_CSUM : UDP_CSUM)) return PASS
    const checkAt = transport + (isTcp ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT)
    const check = view.getUint16(checkAt)
    if (check === 0 && !isTcp && !isPartial) return PASS
    const { link } = route
    const neighbour = this.#neighbours.usable(link, route.gateway === ON_LINK ? to : route.gateway)
    if (neighbour === undefined) return PASS

    // 4. All checks passed: count it, move the connection's state.
    if (isInbound) {
      this.#counters.inboundOf(dest.counters, dest.serviceCounters, ipLen)
      this.#states.carriedInbound(conn, protocol, signal)
    } else {
      this.#counters.outboundOf(dest.counters, dest.serviceCounters, ipLen)
      this.#states.carriedOutbound(conn, protocol, signal)
    }
    // 5. Hand over its flow.
    const flows = this.#flows
    if (flows !== undefined) {
      const direction = isInbound ? INBOUND : OUTBOUND
      if (flows.wants(conn, direction)) {
        const change = this.#change
        change.src = src
        change.dst = dst
        change.ports = ports
        change.toSrc = toSrc
        change.toDst = toDst
        change.toPorts = toPorts
        const mustCheck = isInbound && isTcp && (usesToa || dest.believesToa)
        flows.take(conn, direction, formOf(isInbound, isTranslated, mustCheck), mtu, neighbour, change)
      }
    }
    // 6. Write addresses, ports, checksums, MACs; send.
    const addresses = halves(~src) + halves(~dst) + halves(toSrc) + halves(toDst)
    const ttlProtocol = ttlToChecksum >>> 16
    const lowered = ttlProtocol - 0x100
    const ipCheck = mended(ttlToChecksum & 0xffff, addresses + (~ttlProtocol & 0xffff) + lowered)
    view.setInt32(ip + TTL_TO_CHECKSUM_AT, (lowered << 16) | ipCheck)
    if (isTranslated) {
      view.setInt32(ip + IPV4_SRC_ADDR_AT, toSrc)
      view.setInt32(ip + IPV4_DST_ADDR_AT, toDst)
      view.setInt32(transport, toPorts)
      const made = isPartial ? folded(check + addresses) : mended(check, addresses + halves(~ports) + halves(toPorts))
      view.setUint16(checkAt, isTcp || isPartial ? made : sentCheck(made))
    }
    view.setUint8(vnet, flags)
    view.setUint16(vnet + HEADER_LEN_AT, headerLen, true)
    const next = neighbour.mac
    view.setUint16(at + DST_HI_AT, next.hi)
    view.setUint32(at + DST_LO_AT, next.lo)
    view.setUint16(at + SRC_HI_AT, link.mac.hi)
    view.setUint32(at + SRC_LO_AT, link.mac.lo)
    return this.#egress.transmit(link, slab, at, ETHERNET_LEN + ipLen) ? BALANCED : Verdict.DROP_DEVICE_QUEUE
  }
}

/** An address that may be invalid. The whole path decides. */
function isOdd(addr: Ipv4Addr): boolean {
  return isZeronet(addr) || isLoopback(addr) || addr >>> 28 >= 14
}
