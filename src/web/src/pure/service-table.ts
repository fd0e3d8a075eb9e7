import type { ServiceInfo } from '../../../control/protocol/api.ts'
import type { Table } from '../parts/export.tsx'
import { VIEWS } from './columns.ts'
import { endpoint, serviceName } from './service-name.ts'

/** Services and their real servers as rows of a file, all columns. */
export function servicesAsTable(services: readonly ServiceInfo[]): Table {
  const columns = VIEWS.all
  const rows = services.flatMap(service => [
    [serviceName(service), '', ...columns.map(column => column.ofService(service))],
    ...service.destinations.map(server => [
      serviceName(service),
      endpoint(server),
      ...columns.map(column => column.ofServer(server)),
    ]),
  ])
  return { columns: ['Service', 'RealServer', ...columns.map(column => column.label)], rows, json: services }
}
