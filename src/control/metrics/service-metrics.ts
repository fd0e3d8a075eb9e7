/*
 * The text of the metrics of each service and real server. prom-client would keep and hash an object for each of 450 000 label
 * sets (10 000 services of 5) and block the thread for seconds. So lines are written straight from the pages of some 256 rows.
 */
import { allFigures } from '../protocol/all-figures.js'
import type { Method } from '../../service/method.js'
import { formatIpv4, type Ipv4Addr } from '../../wire/addr.js'
import {
  DESTINATION_COLUMNS,
  DestinationColumn as Column,
  type Control,
  type ServiceFigures,
  type ServiceKey,
} from '../protocol/api.js'
import { methodName } from '../operations/keys.js'
import { headOf, type MetricFamily } from './family.js'

const FAMILIES = [
  ['uvs_service_info', 'gauge', 'Virtual services: 1; the scheduler is a label'],
  ['uvs_service_connections_total', 'counter', 'Connections of the service'],
  ['uvs_service_packets_total', 'counter', 'Packets of the service, by direction'],
  ['uvs_service_bytes_total', 'counter', 'IP octets of the service, by direction'],
  ['uvs_real_server_info', 'gauge', 'Real servers of each service: 1; the forwarding method is a label'],
  ['uvs_real_server_weight', 'gauge', 'Weight; 0: takes no new connections'],
  ['uvs_real_server_open_connections', 'gauge', 'Open connections, active or inactive as in ipvsadm'],
  [
    'uvs_real_server_persistent_templates',
    'gauge',
    'Client networks that persistence keeps on it; only for a persistent service',
  ],
  ['uvs_real_server_upper_threshold', 'gauge', 'Connections at which it becomes overloaded; only if set'],
  ['uvs_real_server_lower_threshold', 'gauge', 'Connections below which it is no longer overloaded; only if set'],
  [
    'uvs_real_server_overloaded',
    'gauge',
    '1 while it is overloaded and gets no new connections; only if an upper threshold is set',
  ],
  ['uvs_real_server_connections_total', 'counter', 'Connections to the real server'],
  ['uvs_real_server_packets_total', 'counter', 'Packets of its connections, by direction'],
  ['uvs_real_server_bytes_total', 'counter', 'IP octets of its connections, by direction'],
] as const satisfies readonly MetricFamily[]

type Name = (typeof FAMILIES)[number][0]

/** Lines by family: in the text format a family's lines must stand together. */
type Lines = Record<Name, string>

/** The text in pieces, each from one page. The event loop runs in between. Rejects with the director's refusal. */
export async function serviceMetrics(control: Control): Promise<Buffer[]> {
  const pieces = new Map<Name, Buffer[]>()
  for (const family of FAMILIES) pieces.set(family[0], [Buffer.from(headOf(family))])
  for await (const services of allFigures(control)) {
    const lines = Object.fromEntries(FAMILIES.map(([name]) => [name, ''])) as Lines
    for (const service of services) writeService(lines, service)
    for (const [name, text] of Object.entries(lines)) if (text !== '') pieces.get(name as Name)!.push(Buffer.from(text))
  }
  return [...pieces.values()].flat()
}

function writeService(lines: Lines, service: ServiceFigures): void {
  const labels = serviceLabels(service)
  const { live, destinations } = service
  lines.uvs_service_info += `uvs_service_info{${labels},scheduler="${escape(service.scheduler)}"} 1\n`
  lines.uvs_service_connections_total += `uvs_service_connections_total{${labels}} ${live.conns}\n`
  lines.uvs_service_packets_total += directions('uvs_service_packets_total', labels, live.inPkts, live.outPkts)
  lines.uvs_service_bytes_total += directions('uvs_service_bytes_total', labels, live.inBytes, live.outBytes)
  for (let at = 0; at < destinations.length; at += DESTINATION_COLUMNS)
    writeDestination(lines, labels, service.isPersistent, column => destinations[at + column]!)
}

function writeDestination(
  lines: Lines,
  ofService: string,
  isPersistent: boolean,
  read: (column: number) => number,
): void {
  const address = formatIpv4(read(Column.ADDRESS) as Ipv4Addr)
  const labels = `${ofService},real_server="${address}:${read(Column.PORT)}"`
  const write = (name: Name, value: number): void => void (lines[name] += `${name}{${labels}} ${value}\n`)
  lines.uvs_real_server_info += `uvs_real_server_info{${labels},method="${methodName(read(Column.METHOD) as Method)}"} 1\n`
  write('uvs_real_server_weight', read(Column.WEIGHT))
  const open = `uvs_real_server_open_connections{${labels},state=`
  lines.uvs_real_server_open_connections += `${open}"active"} ${read(Column.ACTIVE_CONNS)}\n`
  lines.uvs_real_server_open_connections += `${open}"inactive"} ${read(Column.INACT_CONNS)}\n`
  const templates = read(Column.PERSIST_CONNS)
  if (isPersistent || templates > 0) write('uvs_real_server_persistent_templates', templates)
  if (read(Column.UPPER_THRESHOLD) > 0) {
    write('uvs_real_server_upper_threshold', read(Column.UPPER_THRESHOLD))
    write('uvs_real_server_overloaded', read(Column.OVERLOADED))
  }
  if (read(Column.LOWER_THRESHOLD) > 0) write('uvs_real_server_lower_threshold', read(Column.LOWER_THRESHOLD))
  write('uvs_real_server_connections_total', read(Column.CONNS))
  const [packets, bytes] = ['uvs_real_server_packets_total', 'uvs_real_server_bytes_total'] as const
  lines[packets] += directions(packets, labels, read(Column.IN_PKTS), read(Column.OUT_PKTS))
  lines[bytes] += directions(bytes, labels, read(Column.IN_BYTES), read(Column.OUT_BYTES))
}

function directions(name: string, labels: string, inbound: number, outbound: number): string {
  return `${name}{${labels},direction="in"} ${inbound}\n${name}{${labels},direction="out"} ${outbound}\n`
}

/** `protocol` and `service`. */
export function serviceLabels(service: ServiceKey): string {
  if ('mark' in service) return `protocol="fwm",service="${service.mark}"`
  return `protocol="${service.protocol}",service="${service.address}:${service.port}"`
}

/** Escapes a label's value: a user's scheduler may have any name. */
export function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}
