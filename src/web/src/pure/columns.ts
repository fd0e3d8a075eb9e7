import type { DestinationInfo, ServiceInfo } from '../../../control/protocol/api.ts'
import type { SortColumn } from '../live/tick.ts'
import { octets, short } from './format.ts'
import { sumsOf } from './sums.ts'

/* The columns of ipvsadm's listings, in its words: -Ln, --stats, --rate, --thresholds, --persistent-conn. */

export interface Column {
  id: string
  label: string
  /** What the director sorts by. */
  sort?: SortColumn
  ofService: (service: ServiceInfo) => number | string
  ofServer: (server: DestinationInfo) => number | string
  format: (value: number) => string
}

export const METHOD_NAMES = { masq: 'Masq', direct: 'Route', tunnel: 'Tunnel', fullnat: 'FullNAT' } as const

const connections: Column[] = [
  {
    id: 'forward',
    label: 'Forward',
    sort: 'scheduler',
    ofService: schedulerText,
    ofServer: server => METHOD_NAMES[server.method],
    format: short,
  },
  ofBoth(
    'weight',
    'Weight',
    'weight',
    service => sumsOf(service).weight,
    server => server.weight,
  ),
  ofBoth(
    'active',
    'ActiveConn',
    'active',
    service => sumsOf(service).active,
    server => server.activeConns,
  ),
  ofBoth(
    'inactive',
    'InActConn',
    'inactive',
    service => sumsOf(service).inactive,
    server => server.inactConns,
  ),
]
const rates: Column[] = [
  counted('cps', 'CPS', ({ rates }) => rates.cps),
  counted('inPps', 'InPPS', ({ rates }) => rates.inPps),
  counted('outPps', 'OutPPS', ({ rates }) => rates.outPps),
  counted('inBps', 'InBPS', ({ rates }) => rates.inBps, octets),
  counted('outBps', 'OutBPS', ({ rates }) => rates.outBps, octets),
]
const stats: Column[] = [
  counted('conns', 'Conns', ({ stats }) => stats.conns),
  counted('inPkts', 'InPkts', ({ stats }) => stats.inPkts),
  counted('outPkts', 'OutPkts', ({ stats }) => stats.outPkts),
  counted('inBytes', 'InBytes', ({ stats }) => stats.inBytes, octets),
  counted('outBytes', 'OutBytes', ({ stats }) => stats.outBytes, octets),
]
const thresholds: Column[] = [
  ofBoth(
    'upper',
    'Uthreshold',
    undefined,
    () => '',
    server => server.upperThreshold,
  ),
  ofBoth(
    'lower',
    'Lthreshold',
    undefined,
    () => '',
    server => server.lowerThreshold,
  ),
  ofBoth(
    'persist',
    'PersistConn',
    'persistent',
    () => '',
    server => server.persistConns,
  ),
]

export const VIEWS = {
  live: [...connections, ...rates],
  stats: [...connections.slice(0, 2), ...stats],
  thresholds: [...connections, ...thresholds],
  all: [...connections, ...rates, ...stats, ...thresholds],
} as const satisfies Record<string, readonly Column[]>
export type ViewName = keyof typeof VIEWS

export function isView(name: string): name is ViewName {
  return Object.hasOwn(VIEWS, name)
}

/** 'wrr', 'rr persistent 300', 'mh ops'. */
export function schedulerText({ scheduler, persistence, onePacket }: ServiceInfo): string {
  return `${scheduler}${persistence > 0 ? ` persistent ${persistence}` : ''}${onePacket ? ' ops' : ''}`
}

export function shown(column: Column, value: number | string): string {
  return typeof value === 'string' ? value : column.format(value)
}

/** A counter or a rate, which services have as their real servers do. */
function counted(
  sort: SortColumn,
  label: string,
  read: (of: ServiceInfo | DestinationInfo) => number,
  format: (value: number) => string = short,
): Column {
  return { id: sort, label, sort, ofService: read, ofServer: read, format }
}

function ofBoth(
  id: string,
  label: string,
  sort: SortColumn | undefined,
  ofService: (service: ServiceInfo) => number | string,
  ofServer: (server: DestinationInfo) => number,
): Column {
  return { id, label, ...(sort && { sort }), ofService, ofServer, format: short }
}
