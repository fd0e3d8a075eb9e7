import { allServices } from '../../../control/protocol/all-services.js'
import type { ConnectionInfo, ConnectionPage, Control, ServiceKey } from '../../../control/protocol/api.js'
import { jsonDocument, jsonPieces } from '../../json.js'
import { ask, granted, SERVICE_REFUSALS } from '../ask.js'
import type { Command, Output } from '../command.js'
import { CommandLineError } from '../failure.js'
import { connectionsHead, formatConnections } from '../listing/format-connections.js'
import { formatServices, TITLE } from '../listing/format-services.js'
import { formatWatched } from '../listing/format-watched.js'
import { labeller } from '../listing/label.js'
import * as layouts from '../listing/layouts.js'
import type { Names } from '../options/names.js'
import type { Options } from '../options/option-names.js'
import { sortServices } from '../listing/sort.js'
import { serviceKey } from '../options/targets.js'

export interface ListArgs {
  /**
   * The view, besides `connections`, `timeouts` and `daemons`: the columns for services. `watched`: for a listing that is redrawn
   * repeatedly.
   */
  what:
    | 'connections'
    | 'timeouts'
    | 'daemons'
    | 'plain'
    | 'watched'
    | 'stats'
    | 'rate'
    | 'thresholds'
    | 'persistent-conn'
    | 'tun-info'
  service?: ServiceKey
  numeric: boolean
  sorted: boolean
  exact: boolean
  /** For connections: the columns of persistence engines too. */
  withEngine: boolean
  json: boolean
}

/** ipvsadm's exit status for a listing of a service that does not exist. */
const MISSING_SERVICE = 1

export const list: Command<ListArgs> = {
  name: 'list',
  flags: ['-L', '-l', '--list'],
  usage:
    '-L [virtual-service|-c|--timeout|--daemon] [--stats|--rate|…] [-n] [--nosort] [--exact] [--json|--watch [seconds]]',
  help: 'list services and real servers, connections or timeouts; so does no command',
  needs: [],
  takes: [
    'numeric',
    'connection',
    'service-address',
    'timeout',
    'daemon',
    'stats',
    'rate',
    'thresholds',
    'persistent-conn',
    'tun-info',
    'nosort',
    'syncid',
    'exact',
    'json',
    'watch',
  ],
  conflicts: [
    ['service-address', 'connection'],
    ['timeout', 'connection'],
    ['timeout', 'service-address'],
    ['watch', 'json'],
    ['daemon', 'connection'],
    ['daemon', 'service-address'],
    ['daemon', 'timeout'],
  ],
  parse: options => ({
    what: whatOf(options),
    ...(options['service-address'] && { service: serviceKey(options) }),
    numeric: options.numeric ?? options.watch !== undefined,
    sorted: !options.nosort,
    exact: options.exact ?? false,
    withEngine: options['persistent-conn'] ?? false,
    json: options.json ?? false,
  }),
  async run(control, args, names) {
    if (args.what === 'connections') return listConnections(control, args, names)
    if (args.what === 'timeouts') return listTimeouts(control, args.json)
    if (args.what === 'daemons') return args.json ? jsonDocument('daemons', []) : ''
    return listServices(control, args, args.what, names)
  },
}

/** If there are several options for the columns of services, the first counts. */
function whatOf(options: Options): ListArgs['what'] {
  const ofTraffic = options.stats || options.rate || options.thresholds
  const isConflict =
    (options.connection && ofTraffic) ||
    ((options.timeout || options.daemon) && (ofTraffic || options['persistent-conn']))
  if (isConflict) throw new CommandLineError('options conflicts in the list command')
  if (options.connection) return 'connections'
  if (options.timeout) return 'timeouts'
  if (options.daemon) return 'daemons'
  if (options.stats) return 'stats'
  if (options.rate) return 'rate'
  if (options.thresholds) return 'thresholds'
  if (options['persistent-conn']) return 'persistent-conn'
  if (options['tun-info']) return 'tun-info'
  return options.watch === undefined ? 'plain' : 'watched'
}

type OfServices = Exclude<ListArgs['what'], 'connections' | 'timeouts' | 'daemons'>

async function listServices(control: Control, args: ListArgs, what: OfServices, names: Names): Promise<string> {
  const { service, sorted } = args
  const found = granted(await allServices(control, service), SERVICE_REFUSALS, MISSING_SERVICE)
  const services = sorted ? sortServices(found) : found
  if (args.json) return jsonDocument('services', services)
  const addresses = services.flatMap(svc => [
    ...('mark' in svc ? [] : [svc.address]),
    ...svc.destinations.map(dest => dest.address),
  ])
  const label = await labeller(addresses, args.numeric ? undefined : names)
  if (what === 'watched') return formatWatched(services, label, args.exact)
  return (service ? '' : TITLE) + formatServices(services, label, layoutOf(what, args.exact))
}

function layoutOf(what: Exclude<OfServices, 'watched'>, exact: boolean): layouts.Layout {
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

function listConnections(control: Control, args: ListArgs, names: Names): Output {
  const pages = connectionPages(control)
  if (args.json) return jsonPieces('connections', pages)
  return connectionText(args.numeric ? pages : inOne(pages), args, names)
}

async function* connectionPages(control: Control): AsyncGenerator<ConnectionInfo[]> {
  for (let from: number | null = 0; from !== null;) {
    const page: ConnectionPage = await ask(control, { op: 'connections', from }, {})
    yield page.rows
    from = page.next
  }
}

/** Names of all rows are looked up at once, because lookups take the time. */
async function* inOne(pages: AsyncIterable<ConnectionInfo[]>): AsyncGenerator<ConnectionInfo[]> {
  const all: ConnectionInfo[] = []
  for await (const rows of pages) for (const row of rows) all.push(row)
  yield all
}

async function* connectionText(
  pages: AsyncIterable<ConnectionInfo[]>,
  { numeric, withEngine }: ListArgs,
  names: Names,
): AsyncGenerator<string> {
  let head = connectionsHead(withEngine)
  for await (const rows of pages) {
    const addresses = rows.flatMap(({ caddr, vaddr, daddr, laddr }) => [caddr, vaddr, daddr, ...(laddr ? [laddr] : [])])
    yield head + formatConnections(rows, await labeller(addresses, numeric ? undefined : names))
    head = ''
  }
}

async function listTimeouts(control: Control, json: boolean): Promise<string> {
  const timeouts = await ask(control, { op: 'timeouts' }, {})
  if (json) return jsonDocument('timeouts', timeouts)
  const { tcp, tcpfin, udp } = timeouts
  return `Timeout (tcp tcpfin udp): ${tcp} ${tcpfin} ${udp}\n`
}
