import type {
  AnnouncementsInfo,
  OffloadCounts,
  RatesInfo,
  ServiceHealth,
  ServiceInfo,
  ServiceKey,
  StatsInfo,
  VrrpInfo,
} from '../../../control/protocol/api.ts'
import type { DropInfo } from '../../../control/protocol/drops.ts'
import { servicePath } from '../pure/service-name.ts'

/* What a director sends once a second: GET /api/live. */

export interface Tick {
  /** Unix time, ms. */
  at: number
  director: { version: string; host: string; pid: number; upS: number; workers: number; node: string }
  totals: { stats: StatsInfo; rates: RatesInfo }
  connections: { open: number; capacity: number; templates: number; timersBehind: number }
  /** By name: since the start, and a second. */
  verdicts: Record<string, [count: number, rate: number]>
  drops: DropRow[]
  devices: { name: string; dropped: number }[]
  neighbours: { learnt: number; asking: number; fixed: number }
  heldFrames: number
  heldDatagrams: number
  offload?: OffloadCounts
  health?: HealthSummary
  vrrp?: VrrpInfo
  announcements?: AnnouncementsInfo
  services: ServicesWindow
  drains: DrainRow[]
  /** The newest first. */
  events: EventInfo[]
}
export type DropRow = DropInfo & { rate: number }
export interface ServicesWindow {
  total: number
  /** Of the filter. */
  matched: number
  first: number
  rows: ServiceRow[]
}
/** `destinations` holds the first of them, `servers` is how many there are. */
export type ServiceRow = ServiceInfo & { servers: number; health?: ServiceHealth }
export interface HealthSummary {
  up: number
  down: number
  unknown: number
  servers: { up: number; down: number; unknown: number }
  bad: ServiceHealth[]
}
export interface DrainRow {
  id: string
  who?: string
  service: string
  server: string
  state: string
  seconds?: number
  deadline?: number
  active?: number
  inactive?: number
  persistent?: number
  /** Seconds, by how fast connections end. */
  estimate?: number | null
  message?: string
  /** A uvsadm line. */
  undo?: string
}
export interface EventInfo {
  at: number
  kind: string
  text: string
  who?: string
}

export const SORT_COLUMNS = [
  'service',
  'scheduler',
  'servers',
  'ready',
  'weight',
  'active',
  'inactive',
  'persistent',
  'conns',
  'inPkts',
  'outPkts',
  'inBytes',
  'outBytes',
  'cps',
  'inPps',
  'outPps',
  'inBps',
  'outBps',
] as const
export type SortColumn = (typeof SORT_COLUMNS)[number]

/** Which services a tick holds: a window of the list, one with all its servers, or none. */
export interface ServicesAsked {
  first: number
  count: number
  sort: SortColumn | ''
  order: 'asc' | 'desc'
  filter: string
}
export type Asked = ServicesAsked | ServiceKey | 'none'
export const TOP_SERVICES: ServicesAsked = { first: 0, count: 8, sort: 'cps', order: 'desc', filter: '' }
/** The director sends no more at a time. */
export const MOST_ROWS = 200

export function liveAddress(asked: Asked): string {
  if (asked === 'none') return '/api/live'
  if (!('first' in asked)) return `/api/live?${new URLSearchParams({ service: servicePath(asked) })}`
  const { first, count, sort, order, filter } = asked
  const query = new URLSearchParams({ services: `${first},${Math.min(count, MOST_ROWS)}` })
  if (sort !== '') {
    query.set('sort', sort)
    query.set('order', order)
  }
  if (filter !== '') query.set('filter', filter)
  return `/api/live?${query}`
}
