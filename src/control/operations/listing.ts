import { LADDR, keyAt, LPORT } from '../../conn/fullnat-keys.js'
import {
  CADDR,
  ConnFlag,
  CPORT_VPORT,
  DADDR,
  DPORT_PROTOCOL,
  NEXT,
  NONE,
  VADDR,
  type ConnIndex,
} from '../../conn/record.js'
import { sctpStateNames } from '../../conn/sctp-states.js'
import { tcpStateNames } from '../../conn/tcp-states.js'
import type { ListedService } from '../../director/rules/not-yet.js'
import type { ScheduledService } from '../../director/rules/scheduled-service.js'
import type { Director } from '../../director/director.js'
import { Counter, TOTALS } from '../../service/counters.js'
import { Method } from '../../service/method.js'
import { Destination } from '../../service/destination.js'
import type { ServiceSettings as Settings } from '../../service/service-settings.js'
import { formatAddress, NotYetService, type NotYetServer } from '../../service/not-yet.js'
import { formatIpv4 } from '../../wire/addr.js'
import { formatIpv6 } from '../../wire/ipv6-addr.js'
import type {
  ConnectionInfo,
  ConnectionPage,
  DestinationInfo,
  RatesInfo,
  ServiceInfo,
  ServiceKey,
  ServiceSettingsInfo,
  StatsInfo,
  TotalsInfo,
} from '../protocol/api.js'
import { clientAddressName, methodName, protocolName, tunnelInfo } from './keys.js'
import { Refused } from '../protocol/refused.js'

/** Of what no packet meets. */
const NOTHING_COUNTED: { stats: StatsInfo; rates: RatesInfo } = {
  stats: { conns: 0, inPkts: 0, outPkts: 0, inBytes: 0, outBytes: 0 },
  rates: { cps: 0, inPps: 0, outPps: 0, inBps: 0, outBps: 0 },
}

/** Buckets of the connection table in one page at the most: a fraction of a millisecond, where there is nothing in them. */
const BUCKETS_PER_PAGE = 4096
/** A page ends with the bucket in which it has come to so many rows: half a millisecond, with their JSON. */
const ROWS_PER_PAGE = 128

/** A real server, served or not. */
export type ListedServer = Destination | NotYetServer

/** Those of a service in the kernel's order. */
export function listedServers(service: ListedService): readonly ListedServer[] {
  if (service instanceof NotYetService) return service.servers
  const { destinations, notYet } = service
  return notYet.length === 0 ? destinations : [...destinations, ...notYet].sort((a, b) => b.order - a.order)
}

/** `servers`: those of them that are told. */
export function serviceInfo(
  director: Director,
  service: ListedService,
  servers: readonly ListedServer[] = listedServers(service),
): ServiceInfo {
  const destinations = servers.map(server => serverInfo(director, server))
  if (service instanceof NotYetService) return notYetInfo(service, destinations)
  return {
    ...serviceKey(service),
    ...settingsInfo(service.settings, service.scheduler.name, formatIpv4(service.settings.netmask)),
    ...(service.localAddresses.length > 0 ? { localAddresses: service.localAddresses.map(formatIpv4) } : {}),
    ...countsOf(director, service.counters),
    destinations,
  }
}

function settingsInfo(settings: Omit<Settings, 'netmask'>, scheduler: string, netmask: string): ServiceSettingsInfo {
  const { persistence, onePacket, schedFlags, clientAddress, engine } = settings
  return {
    scheduler,
    persistence,
    netmask,
    onePacket,
    schedFlags,
    ...(clientAddress ? { clientAddress: clientAddressName(clientAddress) } : {}),
    ...(engine === undefined ? {} : { engine }),
  }
}
function notYetInfo(
  { mark, protocol, address, port, settings }: NotYetService,
  destinations: DestinationInfo[],
): ServiceInfo {
  return {
    ...(mark === 0 ? { protocol: protocolName(protocol), address: formatIpv6(address), port } : { mark, family: 6 }),
    ...settingsInfo(settings, settings.scheduler, String(settings.prefix)),
    ...NOTHING_COUNTED,
    destinations,
  }
}
function serverInfo(director: Director, server: ListedServer): DestinationInfo {
  return server instanceof Destination ? destinationInfo(director, server) : notYetServerInfo(server)
}
function notYetServerInfo({ address, port, settings }: NotYetServer): DestinationInfo {
  const { method, tunnel, weight, upperThreshold, lowerThreshold } = settings
  return {
    address: formatAddress(address),
    port,
    method: methodName(method),
    ...(method === Method.TUNNEL ? { tunnel: tunnelInfo(tunnel) } : {}),
    weight,
    upperThreshold,
    lowerThreshold,
    activeConns: 0,
    inactConns: 0,
    persistConns: 0,
    ...NOTHING_COUNTED,
  }
}

export function serviceKey({ mark, protocol, addr, port }: ScheduledService): ServiceKey {
  return mark === 0 ? { protocol: protocolName(protocol), address: formatIpv4(addr), port } : { mark }
}
function destinationInfo(director: Director, dest: Destination): DestinationInfo {
  const { weight, upperThreshold, lowerThreshold, activeConns, inactConns, persistConns } = dest
  return {
    address: formatIpv4(dest.addr),
    port: dest.port,
    method: methodName(dest.method),
    ...(dest.method === Method.TUNNEL ? { tunnel: tunnelInfo(dest.tunnel) } : {}),
    weight,
    upperThreshold,
    lowerThreshold,
    activeConns,
    inactConns,
    persistConns,
    ...countsOf(director, dest.counters),
  }
}

export function totalsInfo(director: Director): TotalsInfo {
  const { counters } = director.balancing
  const live = stats(counter => counters.live(TOTALS, counter))
  return { ...countsOf(director, TOTALS), live, workers: [live] }
}
function countsOf(director: Director, row: number): { stats: StatsInfo; rates: RatesInfo } {
  const { counters } = director.balancing
  return {
    stats: stats(counter => counters.shown(row, counter)),
    rates: {
      cps: counters.rate(row, Counter.CONNS),
      inPps: counters.rate(row, Counter.IN_PKTS),
      outPps: counters.rate(row, Counter.OUT_PKTS),
      inBps: counters.rate(row, Counter.IN_BYTES),
      outBps: counters.rate(row, Counter.OUT_BYTES),
    },
  }
}
function stats(read: (counter: number) => number): StatsInfo {
  return {
    conns: read(Counter.CONNS),
    inPkts: read(Counter.IN_PKTS),
    outPkts: read(Counter.OUT_PKTS),
    inBytes: read(Counter.IN_BYTES),
    outBytes: read(Counter.OUT_BYTES),
  }
}

/** A bucket that a page of the table may start with. */
export function pageStart(from: number): number {
  if (!Number.isInteger(from) || from < 0) throw new Refused('EINVAL', `${from} is not where a page starts`)
  return from
}

/** The connections of some buckets, from bucket `from` on. */
export function connectionPage(director: Director, from: number): ConnectionPage {
  const { table } = director.conns
  const end = Math.min(pageStart(from) + BUCKETS_PER_PAGE, table.buckets)
  const rows: ConnectionInfo[] = []
  let bucket = from
  for (; bucket < end && rows.length < ROWS_PER_PAGE; bucket++)
    for (let conn = table.bucketHead(bucket); conn !== NONE; conn = table.words[conn + NEXT]! as ConnIndex)
      rows.push(connectionInfo(director, conn))
  return { rows, next: bucket < table.buckets ? bucket : null }
}
function connectionInfo({ conns }: Director, conn: ConnIndex): ConnectionInfo {
  const { words } = conns.table
  const protocol = words[conn + DPORT_PROTOCOL]! & 0xff
  return {
    protocol: protocol === 0 ? 'ip' : protocolName(protocol),
    state: stateName(conns.stateOf(conn), protocol, conns.has(conn, ConnFlag.TEMPLATE)),
    expires: conns.timers.secondsLeft(conn),
    caddr: formatIpv4(words[conn + CADDR]!),
    cport: words[conn + CPORT_VPORT]! >>> 16,
    vaddr: formatIpv4(words[conn + VADDR]!),
    vport: words[conn + CPORT_VPORT]! & 0xffff,
    daddr: formatIpv4(words[conn + DADDR]!),
    dport: words[conn + DPORT_PROTOCOL]! >>> 16,
    ...(conns.fullnatKeys.has(conn) ? localSide(conns.fullnatKeys.words, keyAt(conn)) : {}),
  }
}
function localSide(words: Int32Array, at: number): Pick<ConnectionInfo, 'laddr' | 'lport'> {
  return { laddr: formatIpv4(words[at + LADDR]!), lport: words[at + LPORT]! }
}
function stateName(state: number, protocol: number, isTemplate: boolean): string {
  if (isTemplate) return state === 0 ? 'NONE' : 'ASSURED'
  switch (protocolName(protocol)) {
    case 'tcp':
      return tcpStateNames[state]!
    case 'udp':
      return 'UDP'
    case 'sctp':
      return sctpStateNames[state]!
  }
}
