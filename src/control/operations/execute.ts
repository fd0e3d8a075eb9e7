import type { Refusal } from '../../director/rules/refusal.js'
import type { ScheduledService } from '../../director/rules/scheduled-service.js'
import type { Director } from '../../director/director.js'
import { endConnections } from '../../director/upkeep/end-connections.js'
import type { Device } from '../../packet/device.js'
import { atOnce } from '../../service/in-steps.js'
import { SysctlError } from '../../service/sysctls.js'
import type { NotYetService } from '../../service/not-yet.js'
import type { ServiceSettings } from '../../service/service-settings.js'
import { formatIpv4 } from '../../wire/addr.js'
import type {
  Answer,
  Control,
  DestinationParams,
  OperationName,
  Operations,
  Reply,
  Request,
  ServiceKey,
  ServiceSettingsInfo as ServiceParams,
} from '../protocol/api.js'
import { checkRequest } from '../protocol/codec.js'
import { addRoute, deleteRoute } from './change-routes.js'
import {
  addressOf,
  cidrOf,
  destinationSettings,
  findDestination,
  findService,
  markRule,
  portOf,
  serviceIdentity,
  serviceSettings,
} from './keys.js'
import { directorFigures, serviceFiguresPage } from './figures.js'
import { connectionPage, pageStart, totalsInfo } from './listing.js'
import { Refused } from '../protocol/refused.js'
import { servicePage } from './service-page.js'
import {
  addNotYet,
  addNotYetServer,
  deleteNotYetServer,
  editNotYet,
  editNotYetServer,
  findNotYet,
  isNotYet,
  isNotYetServer,
} from './not-yet-requests.js'
import type { TurnFigures } from './turn-figures.js'

/** What a director runs on, as far as it has anything to tell. */
export interface Surroundings {
  devices?: readonly Device[]
  turns?: TurnFigures
  /** Bytes of the thread's JavaScript heap. */
  heap?: () => { used: number; total: number }
}

/** Carries out requests on a director in this thread, each at once and whole or not at all. What is no request is refused as over the socket. */
export function localControl(director: Director): Control {
  return {
    async call<O extends OperationName>(request: Request<O>) {
      const checked = checkRequest(request)
      return (checked.ok ? execute(director, checked.request) : checked) as Reply<O>
    },
  }
}

/** One request. What cannot be carried out is refused with the kernel's errno; nothing is thrown, nothing half done. */
export function execute(director: Director, request: Request, surroundings: Surroundings = {}): Reply {
  return atOnce(executeInSteps(director, request, surroundings))
}

/**
 * The same in steps of well under a millisecond, between which frames may be handled, but no other request. Frames see
 * services go one by one.
 */
export function* executeInSteps(
  director: Director,
  request: Request,
  surroundings: Surroundings,
): Generator<void, Reply> {
  try {
    return { ok: true, value: yield* perform(director, request, surroundings) }
  } catch (error) {
    if (error instanceof Refused) return { ok: false, refusal: error.refusal, message: error.message }
    throw error
  }
}

function* perform(
  director: Director,
  request: Request,
  on: Surroundings,
): Generator<void, Operations[OperationName]['value']> {
  const { balancing } = director
  switch (request.op) {
    case 'add-service': {
      const { service, settings } = request
      if (isNotYet(service)) return done(addNotYet(director, service, settings))
      return done(balancing.addService(serviceIdentity(service), settingsFor(director, settings), settings.scheduler))
    }
    case 'edit-service': {
      const { service, settings } = request
      if (isNotYet(service)) return done(editNotYet(director, service, settings))
      return done(
        balancing.editService(findService(director, service), settingsFor(director, settings), settings.scheduler),
      )
    }
    case 'delete-service':
      if (isNotYet(request.service)) balancing.notYet.deleteService(findNotYet(director, request.service))
      else yield* balancing.deletingService(findService(director, request.service))
      return null
    case 'flush':
      yield* balancing.flushing()
      return null
    case 'add-destination':
      return addDestination(director, request)
    case 'edit-destination':
      return editDestination(director, request)
    case 'delete-destination': {
      if (isNotYetServer(request)) return done(deleteNotYetServer(director, request.service, request.destination))
      const service = findService(director, request.service)
      balancing.deleteDestination(service, findDestination(service, request.destination))
      return null
    }
    case 'add-local-address': {
      const { service, address } = request
      refuseIpv6(service, address)
      director.conns.fullnatKeys.prepare()
      return done(balancing.addLocalAddress(findService(director, service), addressOf(address)))
    }
    case 'delete-local-address': {
      const { service, address } = request
      refuseIpv6(service, address)
      return done(balancing.deleteLocalAddress(findService(director, service), addressOf(address)))
    }
    case 'zero':
      if (request.service && isNotYet(request.service)) findNotYet(director, request.service)
      else yield* balancing.zeroing(request.service && findService(director, request.service))
      return null
    case 'services':
      return servicePage(director, request.service && findListed(director, request.service), request.from)
    case 'batch':
      return yield* batch(director, request.requests, on)
    case 'begin':
    case 'stage':
    case 'plan':
    case 'commit':
      throw new Refused('EPROTO', `${request.op}: transactions are the control socket's`)
    case 'totals':
      return totalsInfo(director)
    case 'connections':
      return connectionPage(director, request.from)
    case 'end-connections': {
      const { service, destination, from } = request
      const dest = findDestination(findService(director, service), destination)
      return endConnections(director.conns, dest, pageStart(from))
    }
    case 'verdicts':
      return verdicts(director, on.devices ?? [])
    case 'figures':
      return directorFigures(director, on)
    case 'service-figures':
      return serviceFiguresPage(director, request.from)
    case 'add-vip':
      director.ownAddresses.addBlock(cidrOf(request.cidr))
      return null
    case 'delete-vip':
      if (!director.ownAddresses.deleteBlock(cidrOf(request.cidr)))
        throw new Refused('ESRCH', `${request.cidr} is no --vip`)
      return null
    case 'add-route':
      addRoute(director, request)
      return null
    case 'delete-route':
      deleteRoute(director, request.to)
      return null
    case 'add-mark':
      director.marks.add(markRule(request.rule))
      return null
    case 'clear-marks':
      director.marks.clear()
      return null
    case 'timeouts':
      return director.conns.timeouts.get()
    case 'set-timeouts': {
      const { tcp, tcpfin, udp } = request.timeouts
      director.conns.timeouts.set(tcp, tcpfin, udp)
      return null
    }
    case 'sysctls':
      return director.sysctls.all()
    case 'set-sysctl':
      return setSysctl(director, request.name, request.value)
    case 'reset':
      yield* balancing.flushing() // or all of it would be one step
      director.reset()
      return null
  }
}

/** Each as if it had been asked by itself. */
function* batch(director: Director, requests: readonly Request[], on: Surroundings): Generator<void, Answer<null>[]> {
  const answers: Answer<null>[] = []
  for (const request of requests) {
    answers.push((yield* executeInSteps(director, request, on)) as Answer<null>)
    yield
  }
  return answers
}

/** Clients that stay with one real server must come to one worker. */
function settingsFor({ clientMask }: Director, params: ServiceParams): ServiceSettings {
  const settings = serviceSettings(params)
  const { persistence, netmask } = settings
  if (persistence > 0 && clientMask !== undefined && (clientMask & ~netmask) !== 0) {
    const mask = formatIpv4(netmask)
    const message = `-M ${mask} takes clients for one whom the director gives to several workers: start it with --steer-mask ${mask}, or with one worker`
    throw new Refused('EOPNOTSUPP', message)
  }
  return settings
}

function done(refusal: Refusal | undefined): null {
  if (refusal) throw new Refused(refusal, IN_WORDS[refusal])
  return null
}
const IN_WORDS: Record<Refusal, string> = {
  EEXIST: 'it is there already',
  ENOENT: 'no such scheduler, persistence engine or local address',
  ESRCH: 'it is not there',
  ENOMEM: 'there is no room for it',
  EINVAL: 'the kernel would not take that',
  ERANGE: 'a number is out of range',
}

/** One that is served, or one that is only kept. */
function findListed(director: Director, key: ServiceKey): ScheduledService | NotYetService {
  return isNotYet(key) ? findNotYet(director, key) : findService(director, key)
}
/** FULLNAT is for IPv4. */
function refuseIpv6(service: ServiceKey, address: string): void {
  if (isNotYet(service) || address.includes(':')) throw new Refused('EAFNOSUPPORT', 'local addresses are for IPv4')
}

function addDestination(director: Director, params: DestinationParams): null {
  if (isNotYetServer(params)) return done(addNotYetServer(director, params))
  const { service: key, destination, settings } = params
  const service = findService(director, key)
  const { address, port } = destination
  return done(
    director.balancing.addDestination(service, addressOf(address), portOf(port), destinationSettings(settings)),
  )
}
/** The kernel looks at what is given before it looks for the destination (ipvs-behaviour.md §14.1). */
function editDestination(director: Director, params: DestinationParams): null {
  if (isNotYetServer(params)) return done(editNotYetServer(director, params))
  const { service: key, destination, settings } = params
  const service = findService(director, key)
  const given = destinationSettings(settings)
  if (given.lowerThreshold > given.upperThreshold) return done('ERANGE')
  return done(director.balancing.editDestination(service, findDestination(service, destination), given))
}

/** What is at once when it is written; am_droprate and amemthresh count from the next second's look on (§10.1). */
const DEFENCES = ['drop_entry', 'drop_packet', 'secure_tcp']

function setSysctl(director: Director, name: string, value: string): string {
  const { sysctls } = director
  const before = sysctls.get(name)
  if (before === undefined) throw new Refused('ENOENT', `there is no sysctl net.ipv4.vs.${name}`)
  let after: string
  try {
    after = sysctls.set(name, value)
  } catch (error) {
    if (error instanceof SysctlError) throw new Refused('EINVAL', error.message)
    throw error
  }
  if (after !== before && DEFENCES.includes(name)) director.defence.evaluate()
  return after
}

/** Verdicts by name, and what the devices lost before or after there could be one. */
function verdicts(director: Director, devices: readonly Device[]): Record<string, number> {
  const byName = director.stats.byName()
  for (const device of devices) byName[`drop-device-${device.name}`] = device.dropped
  return byName
}
