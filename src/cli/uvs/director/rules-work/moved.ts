import type { ClientFlow } from '../../../../../native-free/simulate/flows-moved-frames.js'
import { FlowDirector } from '../../../../../native-free/simulate/flows-moved-director.js'
import { madeFlows } from '../../../../../native-free/simulate/flows-moved-made.js'
import {
  flowsMoved,
  type NewFlowsMoved,
  type OpenMoved,
  type ServiceMoved,
} from '../../../../../native-free/simulate/flows-moved.js'
import type { AgainFlows, Moved, MovedService, OpenFlows } from '../../../../control/dashboard/rules-work.js'
import type { Control, MarkRuleInfo, PlannedChange, ServiceInfo, ServiceKey } from '../../../../control/protocol/api.js'
import { execute } from '../../../../control/operations/execute.js'
import { serviceIdentity } from '../../../../control/operations/keys.js'
import { diff } from '../../../../control/rules/diff.js'
import { nameOfService } from '../../../../director/rules/service-name.js'
import type { Scheduler } from '../../../../sched/scheduler.js'
import { parseCidr } from '../../../../wire/addr.js'
import { countedOpen, openFlows } from './open-flows.js'
import { BEHIND_ONE, CLIENTS, connectionsFor } from '../../simulate/flows-moved-options.js'

const LINK = { name: 'sample', mac: { hi: 0x0200, lo: 1 }, mtu: 1500 }
/** Any: the same plan is told the same. */
const SEED = 1
/** Services, and real servers of each, that are told. */
const ROWS_MAX = 20
const SERVERS_MAX = 64

export interface MovedOptions {
  /** The director, whose connections are read. */
  control: Control
  current: readonly ServiceInfo[]
  desired: readonly ServiceInfo[]
  /** What makes the one the other. */
  groups: readonly PlannedChange[][]
  marks: readonly MarkRuleInfo[]
  sysctls: readonly [name: string, value: string][]
  schedulers: readonly Scheduler[]
  isFleet: boolean
  /** How many connections to read at most, and how many flows to make. */
  flows: number
}

/**
 * Puts flows to the services that change through directors with the rules before and after, as `uvs simulate --before --after`: the connections
 * that the director has now, and made ones to the services that have none.
 */
export async function findMoved(of: MovedOptions): Promise<Moved> {
  const touched = of.groups.map(([first]) => first!.request.service).filter(isServed)
  const isNear = nearOf(touched)
  const [before, after] = [directorOf(of, of.current.filter(isNear)), directorOf(of, of.desired.filter(isNear))]
  const names = new Set(touched.map(key => nameOfService(serviceIdentity(key))))
  const nameOf = (flow: ClientFlow): string => {
    const service = before.serviceOf(flow)
    return service ? nameOfService(service) : ''
  }
  const isMeant = (flow: ClientFlow): boolean => names.has(nameOf(flow)) && before.knows(flow)
  const open = await openFlows(of.control, touched, isMeant, of.flows)
  const haveOpen = new Set(open.flows.map(nameOf))
  const made = madeFlows(before.director, of.flows, parseCidr(CLIENTS)!, SEED, service => {
    const name = nameOfService(service)
    return names.has(name) && !haveOpen.has(name)
  })
  const apply = async (): Promise<void> => {
    for (const { request } of of.groups.flat()) execute(before.director, request)
  }
  const { services } = await flowsMoved({ flows: [...open.flows, ...made], before, after, apply })
  const rows = services.map(each => rowOf(each, !haveOpen.has(each.service)))
  const summed = haveOpen.size > 0 ? rows.filter(({ isMadeUp }) => !isMadeUp) : rows
  const counted = countedOpen(
    of.current.filter(each => isServed(each) && haveOpen.has(nameOfService(serviceIdentity(each)))),
  )
  return {
    flows: summed.reduce((sum, { flows }) => sum + flows, 0),
    services: summed.length,
    openNow: open.isWhole ? open.flows.length : Math.max(counted, open.flows.length),
    open: summed.reduce((sum, { open }) => addOpen(sum, open), { stay: 0, move: 0, break: 0 }),
    again: summed.reduce((sum, { again }) => addAgain(sum, again), { same: 0, elsewhere: 0 }),
    rows: rows.toSorted(byMoved).slice(0, ROWS_MAX),
    more: Math.max(0, rows.length - ROWS_MAX),
  }
}

/** IPv6 meets no packet yet. */
function isServed(key: ServiceKey): boolean {
  return 'mark' in key ? key.family === undefined : !key.address.includes(':')
}

/** Which services may be met by a flow to one of `touched`: those of its addresses, and of marks, which come first. */
function nearOf(touched: readonly ServiceKey[]): (service: ServiceInfo) => boolean {
  const addresses = new Set(touched.map(key => ('mark' in key ? undefined : key.address)))
  return service => 'mark' in service || addresses.has(service.address) || addresses.has(undefined)
}

function directorOf(of: MovedOptions, services: readonly ServiceInfo[]): FlowDirector {
  const { marks, sysctls, schedulers, isFleet, flows } = of
  const made = new FlowDirector([LINK], {
    addresses: [],
    routes: BEHIND_ONE.map(route => `${route}@${LINK.name}`),
    maxConnections: connectionsFor(2 * flows),
    seed: SEED,
    isOfFleet: isFleet,
    schedulers: [...schedulers],
    report: () => {},
  })
  for (const rule of marks) execute(made.director, { op: 'add-mark', rule })
  for (const [name, value] of sysctls) execute(made.director, { op: 'set-sysctl', name, value })
  for (const { request } of diff([], services).flat()) execute(made.director, request)
  made.turn()
  return made
}

function rowOf({ service, before, after, newFlows, open, returning }: ServiceMoved, isMadeUp: boolean): MovedService {
  return {
    service,
    isMadeUp,
    before: before?.scheduler ?? '',
    after: after?.scheduler ?? '',
    persistence: after?.persistence ?? 0,
    flows: newFlows.flows,
    open: openOf(open),
    again: againOf(returning),
    servers: returning.servers.slice(0, SERVERS_MAX),
  }
}
function openOf({ stay, move, break: broken }: OpenMoved): OpenFlows {
  return { stay, move, break: broken }
}
function againOf({ same, elsewhere }: NewFlowsMoved): AgainFlows {
  return { same, elsewhere }
}

function addOpen(sum: OpenFlows, one: OpenFlows): OpenFlows {
  return { stay: sum.stay + one.stay, move: sum.move + one.move, break: sum.break + one.break }
}
function addAgain(sum: AgainFlows, one: AgainFlows): AgainFlows {
  return { same: sum.same + one.same, elsewhere: sum.elsewhere + one.elsewhere }
}
function byMoved(a: MovedService, b: MovedService): number {
  return Number(a.isMadeUp) - Number(b.isMadeUp) || movedOf(b) - movedOf(a)
}
function movedOf({ open, again }: MovedService): number {
  return open.move + open.break + again.elsewhere
}
