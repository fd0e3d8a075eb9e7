import type { ListedService } from '../../director/rules/not-yet.js'
import { ScheduledService } from '../../director/rules/scheduled-service.js'
import type { Director } from '../../director/director.js'
import { Counter } from '../../service/counters.js'
import { FIRST_PLACE, type ServicePlace } from '../../service/kernel-order.js'
import { NotYetService } from '../../service/not-yet.js'
import { SUM_COLUMNS, type ServiceSums, type ServiceSumsPage } from '../protocol/api.js'
import { listedServers, notYetKey, serviceKey } from './listing.js'
import { readPlace, writePlace } from './service-page.js'

/** A page ends with the service that reaches so many services and real servers: a fraction of a millisecond. */
const ROWS_PER_PAGE = 1024
const COUNTERS = Object.keys(Counter).length

/** The services behind a place in the kernel's order, or the first ones, each summed up. */
export function serviceSumsPage(director: Director, from?: string): ServiceSumsPage {
  const { places } = director.balancing
  const services: ServiceSums[] = []
  let place: ServicePlace = from === undefined ? FIRST_PLACE : readPlace(from)
  for (let rows = 0; rows < ROWS_PER_PAGE;) {
    const service = places.after(place)
    if (service === undefined) return { services, next: null }
    place = places.placeOf(service)
    services.push(sumsOf(director, service))
    rows += 4 + listedServers(service).length // a service is several times the work of a server
  }
  return { services, next: writePlace(place) }
}

function sumsOf(director: Director, service: ListedService): ServiceSums {
  if (service instanceof NotYetService)
    return { ...notYetKey(service), scheduler: service.settings.scheduler, sums: notYetSums(service) }
  return { ...serviceKey(service), scheduler: service.scheduler.name, sums: scheduledSums(director, service) }
}

function notYetSums({ servers }: NotYetService): number[] {
  const weights = servers.map(({ settings }) => settings.weight)
  const head = [servers.length, weights.filter(weight => weight > 0).length, weights.reduce((so, each) => so + each, 0)]
  return [...head, ...Array.from({ length: SUM_COLUMNS - head.length }, () => 0)]
}

/** In the order of SumColumn. */
function scheduledSums({ balancing: { counters } }: Director, service: ScheduledService): number[] {
  let [ready, weight, active, inactive, persistent] = [0, 0, 0, 0, 0]
  for (const dest of service.destinations) {
    if (dest.weight > 0) ready++
    weight += dest.weight
    active += dest.activeConns
    inactive += dest.inactConns
    persistent += dest.persistConns
  }
  for (const { settings } of service.notYet) {
    if (settings.weight > 0) ready++
    weight += settings.weight
  }
  const sums = [service.destinations.length + service.notYet.length, ready, weight, active, inactive, persistent]
  for (let counter = 0; counter < COUNTERS; counter++) sums.push(counters.shown(service.counters, counter))
  for (let counter = 0; counter < COUNTERS; counter++) sums.push(counters.rate(service.counters, counter))
  return sums
}
