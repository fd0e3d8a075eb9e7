import { allServices } from '../../control/all-services.js'
import type { ConnectionInfo, Control, ServiceKey } from '../../control/api.js'
import { ask, granted, SERVICE_REFUSALS } from './ask.js'
import type { Command } from './command.js'
import { UsageError } from './failure.js'
import { formatConnections } from './format-connections.js'
import { formatServices, TITLE } from './format-services.js'
import { labeller } from './label.js'
import * as layouts from './layouts.js'
import type { Names } from './names.js'
import type { Options } from './option-names.js'
import { sortServices } from './sort.js'
import { serviceKey } from './targets.js'

export interface ListArgs {
  /** Beside `connections` and `timeouts`: what is shown of the services. */
  what: 'connections' | 'timeouts' | 'plain' | 'stats' | 'rate' | 'thresholds' | 'persistent-conn' | 'tun-info'
  service?: ServiceKey
  numeric: boolean
  sorted: boolean
  exact: boolean
  /** Of connections: the columns of persistence engines too. */
  withEngine: boolean
}

/** ipvsadm's exit status for a listing of a service that is not there. */
const MISSING_SERVICE = 1

export const list: Command<ListArgs> = {
  name: 'list',
  flags: ['-L', '-l', '--list'],
  usage:
    '-L [virtual-service|-c|--timeout] [-n] [--nosort] [--stats|--rate|--thresholds|--persistent-conn|--tun-info] [--exact]',
  help: 'list services and real servers, connections or timeouts; so does no command',
  needs: [],
  takes: [
    'numeric',
    'connection',
    'service-address',
    'timeout',
    'stats',
    'rate',
    'thresholds',
    'persistent-conn',
    'tun-info',
    'nosort',
    'exact',
  ],
  conflicts: [
    ['service-address', 'connection'],
    ['timeout', 'connection'],
    ['timeout', 'service-address'],
  ],
  parse: options => ({
    what: whatOf(options),
    ...(options['service-address'] && { service: serviceKey(options) }),
    numeric: options.numeric ?? false,
    sorted: !options.nosort,
    exact: options.exact ?? false,
    withEngine: options['persistent-conn'] ?? false,
  }),
  async run(control, args, names) {
    if (args.what === 'connections') return listConnections(control, args, names)
    if (args.what === 'timeouts') return listTimeouts(control)
    return listServices(control, args, args.what, names)
  },
}

/** Of more than one that shows something of services the first counts. */
function whatOf(options: Options): ListArgs['what'] {
  const ofTraffic = options.stats || options.rate || options.thresholds
  const isConflict = (options.connection && ofTraffic) || (options.timeout && (ofTraffic || options['persistent-conn']))
  if (isConflict) throw new UsageError('options conflicts in the list command')
  if (options.connection) return 'connections'
  if (options.timeout) return 'timeouts'
  if (options.stats) return 'stats'
  if (options.rate) return 'rate'
  if (options.thresholds) return 'thresholds'
  if (options['persistent-conn']) return 'persistent-conn'
  return options['tun-info'] ? 'tun-info' : 'plain'
}

type OfServices = Exclude<ListArgs['what'], 'connections' | 'timeouts'>

async function listServices(control: Control, args: ListArgs, what: OfServices, names: Names): Promise<string> {
  const { service, sorted } = args
  const found = granted(await allServices(control, service), SERVICE_REFUSALS, MISSING_SERVICE)
  const services = sorted ? sortServices(found) : found
  const addresses = services.flatMap(svc => [
    ...('mark' in svc ? [] : [svc.address]),
    ...svc.destinations.map(dest => dest.address),
  ])
  const label = await labeller(addresses, args.numeric ? undefined : names)
  return (service ? '' : TITLE) + formatServices(services, label, layoutOf(what, args.exact))
}

function layoutOf(what: OfServices, exact: boolean): layouts.Layout {
  switch (what) {
    case 'plain':
      return layouts.plain
    case 'stats':
      return layouts.stats(exact)
    case 'rate':
      return layouts.rates(exact)
    case 'thresholds':
      return layouts.thresholds
    case 'persistent-conn':
      return layouts.persistentConn
    case 'tun-info':
      return layouts.tunnels
  }
}

async function listConnections(control: Control, args: ListArgs, names: Names): Promise<string> {
  const rows: ConnectionInfo[] = []
  for (let from: number | null = 0; from !== null;) {
    const page: { rows: ConnectionInfo[]; next: number | null } = await ask(control, { op: 'connections', from }, {})
    for (const row of page.rows) rows.push(row)
    from = page.next
  }
  const addresses = rows.flatMap(row => [
    row.caddr,
    row.vaddr,
    row.daddr,
    ...(row.laddr === undefined ? [] : [row.laddr]),
  ])
  return formatConnections(rows, await labeller(addresses, args.numeric ? undefined : names), args.withEngine)
}

async function listTimeouts(control: Control): Promise<string> {
  const { tcp, tcpfin, udp } = await ask(control, { op: 'timeouts' }, {})
  return `Timeout (tcp tcpfin udp): ${tcp} ${tcpfin} ${udp}\n`
}
