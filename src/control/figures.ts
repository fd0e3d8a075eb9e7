/* What metrics are made of. Everything counts from the start on, whatever `uvsadm -Z` set to 0 for its listings. */
import type { ScheduledService } from '../director/balancing.js'
import type { Director } from '../director/director.js'
import { Counter, TOTALS } from '../service/counters.js'
import type { Destination } from '../service/destination.js'
import { formatIpv4 } from '../wire/addr.js'
import type { DirectorFigures, ServiceFigures, ServiceFiguresPage, Stats } from './api.js'
import type { Surroundings } from './execute.js'
import { serviceKey } from './listing.js'
import { Refused } from './refused.js'

/** Services and real servers of a page, but for the last service's: a fraction of a millisecond. */
const ROWS_PER_PAGE = 256
const COUNTERS = Object.keys(Counter).length

/** `on`: what the director runs on. */
export function directorFigures(director: Director, { devices = [], turns, heap }: Surroundings): DirectorFigures {
  const { conns, stats, held } = director
  return {
    verdicts: stats.byName(),
    devices: devices.map(({ name, dropped }) => ({ name, dropped })),
    totals: liveStats(director, TOTALS),
    estimatorAge: stats.age(director.now) / 1000,
    connections: {
      capacity: conns.table.capacity,
      open: conns.table.count - conns.templates,
      templates: conns.templates,
      timersBehind: conns.behindMs / 1000,
    },
    localPorts: {
      inUse: [...conns.local.ports.uses].map(([address, count]) => ({ address: formatIpv4(address), count })),
      resting: conns.local.resting,
    },
    neighbours: { learnt: held.learnt, asking: held.asking, fixed: held.fixed },
    heldFrames: held.held,
    heldDatagrams: held.datagrams,
    ...(turns && { turns: turns.read() }),
    ...(heap && { heap: heap() }),
  }
}

/** Services in the order of their coming, from the nth on. While some are deleted meanwhile others may be left out, none comes twice. */
export function serviceFiguresPage(director: Director, from: number): ServiceFiguresPage {
  if (!Number.isInteger(from) || from < 0) throw new Refused('EINVAL', `${from} is not where a page starts`)
  const { balancing } = director
  const services: ServiceFigures[] = []
  let next = from
  for (let rows = 0; rows < ROWS_PER_PAGE; next++) {
    const service = balancing.serviceAt(next)
    if (service === undefined) return { services, next: null }
    services.push(serviceFigures(director, service))
    rows += 1 + service.destinations.length
  }
  return { services, next }
}

function serviceFigures(director: Director, service: ScheduledService): ServiceFigures {
  return {
    ...serviceKey(service),
    scheduler: service.scheduler.name,
    isPersistent: service.settings.persistence > 0,
    live: liveStats(director, service.counters),
    destinations: columnsOf(director, service.destinations),
  }
}

/** In the order of DestinationColumn. */
function columnsOf({ balancing: { counters } }: Director, destinations: readonly Destination[]): number[] {
  const columns: number[] = []
  for (const dest of destinations) {
    const row = dest.counters
    columns.push(dest.addr >>> 0, dest.port, dest.method, dest.weight, dest.upperThreshold, dest.lowerThreshold)
    columns.push(Number(dest.overloaded), dest.activeConns, dest.inactConns, dest.persistConns)
    for (let counter = 0; counter < COUNTERS; counter++) columns.push(counters.live(row, counter))
  }
  return columns
}

function liveStats({ balancing: { counters } }: Director, row: number): Stats {
  return {
    conns: counters.live(row, Counter.CONNS),
    inPkts: counters.live(row, Counter.IN_PKTS),
    outPkts: counters.live(row, Counter.OUT_PKTS),
    inBytes: counters.live(row, Counter.IN_BYTES),
    outBytes: counters.live(row, Counter.OUT_BYTES),
  }
}
