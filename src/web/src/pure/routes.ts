import type { ServiceKey } from '../../../control/protocol/api.ts'
import { serviceFromPath, servicePath } from './service-name.ts'

/* Every view has an address. This says which, both ways. */

export const PAGES = ['overview', 'services', 'connections', 'drops', 'path', 'redundancy', 'settings', 'try'] as const
export type PageName = (typeof PAGES)[number]

export type Route =
  | { page: PageName; query: URLSearchParams }
  | { page: 'service'; service: ServiceKey; query: URLSearchParams }
  | { page: 'missing'; query: URLSearchParams }

export function parseRoute(path: string, search = ''): Route {
  const query = new URLSearchParams(search)
  const [first = '', ...rest] = path.split('/').filter(part => part !== '')
  if (first === '') return { page: 'overview', query }
  if (first === 'service') {
    const service = rest.length === 0 ? serviceFromPath((query.get('of') ?? '').split('/')) : undefined
    return service ? { page: 'service', service, query } : { page: 'missing', query }
  }
  const page = PAGES.find(name => name === first)
  return page && page !== 'overview' && rest.length === 0 ? { page, query } : { page: 'missing', query }
}

export function pagePath(page: PageName, query: Readonly<Record<string, string>> = {}): string {
  const path = page === 'overview' ? '/' : `/${page}`
  return path + searchText(query)
}

/** In the query: the director takes a path whose end has a dot for a file. */
export function serviceRoute(service: ServiceKey): string {
  return `/service?of=${servicePath(service)}`
}

/** Without the empty ones: an address holds what differs from the plain view. */
export function searchText(query: Readonly<Record<string, string>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== '')
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}
