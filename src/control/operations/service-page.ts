import type { ListedService } from '../../director/rules/not-yet.js'
import type { Director } from '../../director/director.js'
import { FIRST_PLACE, type ServicePlace } from '../../service/kernel-order.js'
import type { ServiceInfo, ServicePage } from '../protocol/api.js'
import { listedServers, serviceInfo, type ListedServer } from './listing.js'

/** The most rows of one page: some tenths of a millisecond (measured: 3 µs a destination). */
const SERVICES_PER_PAGE = 64
const DESTINATIONS_PER_PAGE = 96

/**
 * The services from `from` on, or only `only`. The next page begins behind a service or, if that has more destinations than a
 * page, behind one of its destinations. Both places stay valid when others are added or deleted.
 */
export function servicePage(director: Director, only?: ListedService, from?: string): ServicePage {
  const { places } = director.balancing
  const begin = startOf(director, only, from === undefined ? undefined : readPlace(from))
  const rows: ServiceInfo[] = []
  let { service, destinations } = begin
  let left = DESTINATIONS_PER_PAGE
  let next: Place | undefined
  while (service && next === undefined) {
    const told = destinations.slice(0, DESTINATIONS_PER_PAGE)
    rows.push(serviceInfo(director, service, told))
    left -= told.length
    const place: Place = places.placeOf(service)
    if (told.length < destinations.length) next = { ...place, order: told.at(-1)!.order }
    service = only ? undefined : places.after(place)
    destinations = service ? listedServers(service) : []
    if (service && (rows.length === SERVICES_PER_PAGE || destinations.length > left)) next ??= place
  }
  return { rows, ...(begin.continues ? { continues: true } : {}), next: next ? writePlace(next) : null }
}

interface Start {
  service: ListedService | undefined
  destinations: readonly ListedServer[]
  continues: boolean
}

function startOf(director: Director, only: ListedService | undefined, from: Place | undefined): Start {
  const { places } = director.balancing
  if (from?.order !== undefined) {
    const begun = places.at(from)
    const rest = begun ? behind(listedServers(begun), from.order) : []
    if (begun && rest.length > 0) return { service: begun, destinations: rest, continues: true }
  }
  const service = only ? (from ? undefined : only) : places.after(from ?? FIRST_PLACE)
  return { service, destinations: service ? listedServers(service) : [], continues: false }
}

/** A place behind a service, or, with `order`, behind one of its destinations. */
type Place = ServicePlace & { order?: number }

export function writePlace({ list, number, order }: Place): string {
  return [list, number, ...(order === undefined ? [] : [order])].join(':')
}
export function readPlace(text: string): Place {
  const [list = 0, number = 0, order] = text.split(':').map(Number)
  return { list, number, ...(order === undefined ? {} : { order }) }
}

/** The servers behind `order`, which falls along the list. */
function behind(destinations: readonly ListedServer[], order: number): readonly ListedServer[] {
  let low = 0
  let high = destinations.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (destinations[middle]!.order >= order) low = middle + 1
    else high = middle
  }
  return destinations.slice(low)
}
