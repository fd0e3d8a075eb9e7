/* The numbers behind the metrics. Counters are live: `uvsadm -Z` zeroes only the shown ones of listings. */
import { ScheduledService } from '../../director/rules/scheduled-service.js'
import type { Director } from '../../director/director.js'
import { DROP_FLOW_UNFINISHED } from '../../packet/flow-table.js'
import { verdictNames } from '../../packet/verdict.js'
import { Counter, TOTALS, type Counters } from '../../service/counters.js'
import type { Destination } from '../../service/destination.js'
import { FIRST_PLACE, type ServicePlace } from '../../service/kernel-order.js'
import { formatIpv4 } from '../../wire/addr.js'
import type { DirectorFigures, FrameFigures, ServiceFigures, ServiceFiguresPage } from '../protocol/api.js'
import { liveOf } from './counted.js'
import { serviceKey } from './listing.js'
import { offloadCounts } from './offload.js'
import type { Surroundings } from './operation.js'
import { readPlace, writePlace } from './service-page.js'

/** A page ends with the service that reaches so many services and real servers: a fraction of a millisecond. */
const ROWS_PER_PAGE = 256
const COUNTERS = Object.keys(Counter).length

export function directorFigures(director: Director, { devices = [], turns, heap }: Surroundings): DirectorFigures {
  const { balancing, conns, shownAgeMs, held } = director
  const offload = offloadCounts(director)
  const ofWorker = { ...(turns && { turns: turns.read() }), ...(heap && { heap: heap() }) }
  return {
    verdicts: verdictsByName(director),
    frames: frameFigures(director),
    devices: devices.map(({ name, dropped }) => ({ name, dropped })),
    totals: liveOf(balancing.counters, TOTALS),
    estimatorAge: shownAgeMs / 1000,
    connections: {
      capacity: conns.table.capacity,
      open: conns.table.count - conns.templates.count,
      templates: conns.templates.count,
      timersBehind: conns.timers.behindMs / 1000,
    },
    localPorts: {
      inUse: [...conns.fullnatKeys.ports.uses].map(([address, count]) => ({ address: formatIpv4(address), count })),
      resting: conns.fullnatKeys.resting,
    },
    neighbours: { learnt: held.learnt, asking: held.asking, fixed: held.fixed },
    heldFrames: held.held,
    heldDatagrams: held.datagrams,
    ...(offload && { offload }),
    ...ofWorker,
    workers: [ofWorker],
  }
}

export function frameFigures({ verdictCounters: { received, overheard, fates }, waiting }: Director): FrameFigures {
  return {
    received,
    overheard,
    waitingFrames: waiting.frames,
    waitingPieces: waiting.pieces,
    sentLater: fates.sent,
    joined: fates.joined,
    countedLater: byName(fates.counted),
    lostLater: byName(fates.frames),
  }
}
function byName(counts: ArrayLike<number>): Record<string, number> {
  const some = [...verdictNames].filter(([verdict]) => counts[verdict] !== 0)
  return Object.fromEntries(some.map(([verdict, name]) => [name, counts[verdict]!]))
}

/** Frames that a program lost have met no verdict of the director's. */
export function verdictsByName({ verdictCounters, flows }: Director): Record<string, number> {
  const byName = verdictCounters.byName()
  if (flows) byName[DROP_FLOW_UNFINISHED] = flows.figures.lost
  return byName
}

/**
 * The services behind a place in the kernel's order, or the first ones. A place stays valid when services are added or
 * deleted.
 */
export function serviceFiguresPage({ balancing: { places, counters } }: Director, from?: string): ServiceFiguresPage {
  const services: ServiceFigures[] = []
  let place: ServicePlace = from === undefined ? FIRST_PLACE : readPlace(from)
  for (let rows = 0; rows < ROWS_PER_PAGE;) {
    const service = places.after(place)
    if (service === undefined) return { services, next: null }
    place = places.placeOf(service)
    rows++
    if (!(service instanceof ScheduledService)) continue // not served: no counters
    services.push(serviceFigures(counters, service))
    rows += service.destinations.length
  }
  return { services, next: writePlace(place) }
}

function serviceFigures(counters: Counters, service: ScheduledService): ServiceFigures {
  return {
    ...serviceKey(service),
    scheduler: service.scheduler.name,
    isPersistent: service.settings.persistence > 0,
    live: liveOf(counters, service.counters),
    destinations: columnsOf(counters, service.destinations),
  }
}

/** In the order of DestinationColumn. */
function columnsOf(counters: Counters, destinations: readonly Destination[]): number[] {
  const columns: number[] = []
  for (const dest of destinations) {
    const row = dest.counters
    columns.push(dest.addr >>> 0, dest.port, dest.method, dest.weight, dest.upperThreshold, dest.lowerThreshold)
    columns.push(Number(dest.overloaded), dest.activeConns, dest.inactConns, dest.persistConns)
    for (let counter = 0; counter < COUNTERS; counter++) columns.push(counters.live(row, counter))
  }
  return columns
}
