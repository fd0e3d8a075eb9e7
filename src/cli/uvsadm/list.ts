import type { ConnectionInfo, Control, ServiceKey } from '../../control/api.js'
import { ask, SERVICE_REFUSALS } from './ask.js'
import type { Command } from './command.js'
import { UsageError } from './failure.js'
import { formatConnections } from './format-connections.js'
import { formatServices, formatStats, TITLE } from './format-services.js'
import { labeller } from './label.js'
import type { Names } from './names.js'
import { sortServices } from './sort.js'
import { serviceKey } from './targets.js'

export interface ListArgs {
  what: 'services' | 'stats' | 'connections'
  service?: ServiceKey
  numeric: boolean
  sorted: boolean
  exact: boolean
}

/** ipvsadm's exit status for a listing of a service that is not there. */
const MISSING_SERVICE = 1

export const list: Command<ListArgs> = {
  name: 'list',
  flags: ['-L', '-l', '--list'],
  usage: '-L|-l [-t|-u host:port | -c] [-n] [--stats [--exact]] [--nosort]',
  help: 'list virtual services and real servers, or connections; so does no command at all',
  needs: [],
  takes: ['numeric', 'connection', 'service-address', 'stats', 'nosort', 'exact'],
  conflict: ['service-address', 'connection'],
  parse(options) {
    if (options.connection && options.stats) throw new UsageError('options conflicts in the list command')
    return {
      what: options.connection ? 'connections' : options.stats ? 'stats' : 'services',
      ...(options['service-address'] && { service: serviceKey(options) }),
      numeric: options.numeric ?? false,
      sorted: !options.nosort,
      exact: options.exact ?? false,
    }
  },
  run: (control, args, names) =>
    args.what === 'connections' ? listConnections(control, args, names) : listServices(control, args, names),
}

async function listServices(control: Control, args: ListArgs, names: Names): Promise<string> {
  const { service, sorted } = args
  const request = { op: 'services', ...(service && { service }) } as const
  const found = await ask(control, request, SERVICE_REFUSALS, MISSING_SERVICE)
  const services = sorted ? sortServices(found) : found
  const addresses = services.flatMap(svc => [svc.address, ...svc.destinations.map(dest => dest.address)])
  const label = await labeller(addresses, args.numeric ? undefined : names)
  const title = service ? '' : TITLE
  return title + (args.what === 'stats' ? formatStats(services, label, args.exact) : formatServices(services, label))
}

async function listConnections(control: Control, args: ListArgs, names: Names): Promise<string> {
  const rows: ConnectionInfo[] = []
  for (let from: number | null = 0; from !== null;) {
    const page: { rows: ConnectionInfo[]; next: number | null } = await ask(control, { op: 'connections', from }, {})
    for (const row of page.rows) rows.push(row)
    from = page.next
  }
  const addresses = rows.flatMap(row => [row.caddr, row.vaddr, row.daddr])
  return formatConnections(rows, await labeller(addresses, args.numeric ? undefined : names))
}
