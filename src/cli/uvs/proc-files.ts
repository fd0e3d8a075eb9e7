import ipaddr from 'ipaddr.js'
import type {
  ConnectionInfo,
  DestinationInfo,
  MethodName,
  RatesInfo,
  ServiceInfo,
  StatsInfo,
  TotalsInfo,
} from '../../control/protocol/api.js'

/* The kernel's files in /proc/net (ipvs-behaviour.md §13), including blanks at the ends of lines. */

/** Ticks a second of the recorded kernel, the unit in which persistence is printed. */
const HZ = 100
const FORWARD: Record<MethodName, string> = { masq: 'Masq', direct: 'Route', tunnel: 'Tunnel', fullnat: 'FullNat' }

/** /proc/net/ip_vs, in the order of `services`. */
export function ipVs(services: readonly ServiceInfo[]): string {
  const lines = services.flatMap(service => [serviceLine(service), ...service.destinations.map(destinationLine)])
  return `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
${lines.join('')}`
}

function serviceLine(service: ServiceInfo): string {
  const { persistence, netmask } = service
  const flags = persistence > 0 ? `persistent ${persistence * HZ} ${maskText(netmask)}` : ''
  return `${identity(service)}${flags}\n`
}
/** Services of an IPv6 address do not show one-packet scheduling; services of an IPv4 address have an additional blank. */
function identity(service: ServiceInfo): string {
  const { scheduler } = service
  const ops = service.onePacket ? 'ops ' : ''
  if ('mark' in service) return `FWM  ${hex(service.mark, 8)} ${scheduler} ${ops}`
  const { protocol, address, port } = service
  const at = `${protocol.toUpperCase()}  ${bracketed(address)}:${hex(port, 4)} ${scheduler} `
  return isIpv6(address) ? at : `${at}${ops} `
}
function destinationLine({ address, port, method, weight, activeConns, inactConns }: DestinationInfo): string {
  const counts = `${String(weight).padEnd(6)} ${String(activeConns).padEnd(10)} ${String(inactConns).padEnd(10)}`
  return `  -> ${bracketed(address)}:${hex(port, 4)}      ${FORWARD[method].padEnd(7)} ${counts}\n`
}

/** /proc/net/ip_vs_conn: head and lines. Persistence engines do not exist yet, so their columns are empty. */
export const CONN_HEAD = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n'
export function connLine(row: ConnectionInfo): string {
  return `${ends(row)} ${row.state.padEnd(11)} ${String(row.expires).padStart(7)}\n`
}

/** /proc/net/ip_vs_conn_sync: head and lines. All connections are the director's own; none came by synchronisation. */
export const CONN_SYNC_HEAD = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires\n'
export function connSyncLine(row: ConnectionInfo): string {
  return `${ends(row)} ${row.state.padEnd(11)} LOCAL  ${String(row.expires).padStart(7)}\n`
}

function ends({ protocol, caddr, cport, vaddr, vport, daddr, dport }: ConnectionInfo): string {
  return `${protocol.toUpperCase().padEnd(3)} ${end(caddr, cport)} ${end(vaddr, vport)} ${end(daddr, dport)}`
}
function end(address: string, port: number): string {
  return `${addressText(address)} ${hex(port, 4)}`
}

/** /proc/net/ip_vs_stats */
export function ipVsStats({ stats, rates }: TotalsInfo): string {
  return `   Total Incoming Outgoing         Incoming         Outgoing
   Conns  Packets  Packets            Bytes            Bytes
${counted(stats)}

 Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
${perSecond(rates)}
`
}

/** /proc/net/ip_vs_stats_percpu: each worker of the data plane is bound to one CPU, so a worker has a line. */
export function ipVsStatsPercpu({ stats, rates, workers }: TotalsInfo): string {
  return `       Total Incoming Outgoing         Incoming         Outgoing
CPU    Conns  Packets  Packets            Bytes            Bytes
${workers.map((live, cpu) => `${upperHex(cpu).padStart(3)} ${counted(live)}\n`).join('')}  ~ ${counted(stats)}

     Conns/s   Pkts/s   Pkts/s          Bytes/s          Bytes/s
    ${perSecond(rates)}
`
}

/** /proc/net/ip_vs_app: no helper is loaded. */
export const IP_VS_APP = 'prot port    usecnt name\n'

function counted({ conns, inPkts, outPkts, inBytes, outBytes }: StatsInfo): string {
  return fiveColumns(conns, inPkts, outPkts, inBytes, outBytes)
}
function perSecond({ cps, inPps, outPps, inBps, outBps }: RatesInfo): string {
  return fiveColumns(cps, inPps, outPps, inBps, outBps)
}
function fiveColumns(...numbers: [number, number, number, number, number]): string {
  return numbers.map((number, at) => upperHex(number).padStart(at < 3 ? 8 : 16)).join(' ')
}

function hex(number: number, digits: number): string {
  return upperHex(number).padStart(digits, '0')
}
function upperHex(number: number): string {
  return number.toString(16).toUpperCase()
}

function isIpv6(address: string): boolean {
  return address.includes(':')
}
/** `0A000001`; `2001:0db8:0000:0000:0000:0000:0000:0001`, in lower case. */
function addressText(address: string): string {
  const words = isIpv6(address) ? ipaddr.IPv6.parse(address).parts : undefined
  if (words) return words.map(word => word.toString(16).padStart(4, '0')).join(':')
  return address
    .split('.')
    .map(octet => hex(Number(octet), 2))
    .join('')
}
function bracketed(address: string): string {
  return isIpv6(address) ? `[${addressText(address)}]` : addressText(address)
}
/** `FFFFFF00`; for an IPv6 service the prefix length with its octets reversed: 64 is 40000000. */
function maskText(netmask: string): string {
  return netmask.includes('.') ? addressText(netmask) : `${hex(Number(netmask), 2)}000000`
}
