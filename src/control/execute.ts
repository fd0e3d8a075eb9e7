import { CADDR, CPORT_VPORT, DADDR, DPORT_PROTOCOL, NEXT, NONE, STATE, VADDR, type ConnIndex } from '../conn/record.js'
import { tcpStateNames } from '../conn/tcp-states.js'
import type { Refusal, ScheduledService } from '../director/balancing.js'
import type { Director } from '../director/director.js'
import type { Device } from '../io/device.js'
import { Counter } from '../service/counters.js'
import type { Destination } from '../service/destination.js'
import { formatIpv4, parseCidr, parseIpv4, type Ipv4Addr } from '../wire/addr.js'
import { IpProtocol } from '../wire/ipv4.js'
import type {
  ConnectionInfo,
  ConnectionPage,
  Control,
  DestinationInfo,
  DestinationKey,
  Operation,
  Operations,
  Protocol,
  Reply,
  Request,
  ServiceInfo,
  ServiceKey,
  Stats,
} from './api.js'

/** Buckets of the connection table in one page: a fraction of a millisecond. */
const BUCKETS_PER_PAGE = 4096

/** Carries out requests on a director in this thread, each at once and whole or not at all. */
export function localControl(director: Director): Control {
  return {
    call: <O extends Operation>(request: Request<O>) => Promise.resolve(execute(director, request) as Reply<O>),
  }
}

/** One request. What cannot be carried out is refused with the kernel's errno; nothing is thrown, nothing half done. */
export function execute(director: Director, request: Request, devices: readonly Device[] = []): Reply {
  try {
    if (request.op === 'verdicts') return { ok: true, value: verdicts(director, devices) }
    return { ok: true, value: perform(director, request) }
  } catch (error) {
    if (error instanceof Refused) return { ok: false, refusal: error.refusal, message: error.message }
    throw error
  }
}

class Refused extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal, message: string) {
    super(message)
    this.refusal = refusal
  }
}

function perform(director: Director, request: Exclude<Request, { op: 'verdicts' }>): Operations[Operation]['value'] {
  const { balancing } = director
  switch (request.op) {
    case 'add-service': {
      const { protocol, addr, port } = serviceKey(request.service)
      return unlessRefused(balancing.addService(protocol, addr, port, request.settings.scheduler))
    }
    case 'edit-service':
      return unlessRefused(balancing.editService(findService(director, request.service), request.settings.scheduler))
    case 'delete-service':
      balancing.deleteService(findService(director, request.service))
      return null
    case 'flush':
      balancing.flush()
      return null
    case 'add-destination': {
      const service = findService(director, request.service)
      const { addr, port } = destinationKey(request.destination)
      return unlessRefused(balancing.addDestination(service, addr, port, weightOf(request.settings.weight)))
    }
    case 'edit-destination': {
      const service = findService(director, request.service)
      const weight = weightOf(request.settings.weight)
      balancing.editDestination(service, findDestination(service, request.destination), weight)
      return null
    }
    case 'delete-destination': {
      const service = findService(director, request.service)
      balancing.deleteDestination(service, findDestination(service, request.destination))
      return null
    }
    case 'zero':
      balancing.zero(request.service && findService(director, request.service))
      return null
    case 'services': {
      const services = request.service ? [findService(director, request.service)] : balancing.inKernelOrder()
      return services.map(service => serviceInfo(director, service))
    }
    case 'connections':
      return connectionPage(director, request.from)
    case 'add-vip':
      director.local.addBlock(cidrOf(request.cidr))
      return null
    case 'delete-vip':
      if (!director.local.deleteBlock(cidrOf(request.cidr))) throw new Refused('ESRCH', `${request.cidr} is no --vip`)
      return null
    case 'reset':
      director.reset()
      return null
  }
}

/** Verdicts by name, and what the devices lost before or after there could be one. */
function verdicts(director: Director, devices: readonly Device[]): Record<string, number> {
  const byName = director.stats.byName()
  for (const device of devices) byName[`drop-device-${device.name}`] = device.dropped
  return byName
}

function unlessRefused(refusal: Refusal | undefined): null {
  if (refusal) throw new Refused(refusal, refusal)
  return null
}

const protocolNumbers: Record<Protocol, number> = { tcp: IpProtocol.TCP, udp: IpProtocol.UDP, sctp: IpProtocol.SCTP }

function protocolName(number: number): Protocol {
  return number === IpProtocol.TCP ? 'tcp' : number === IpProtocol.UDP ? 'udp' : 'sctp'
}

function serviceKey(key: ServiceKey): { protocol: number; addr: Ipv4Addr; port: number } {
  if (key.protocol === 'sctp') throw new Refused('EINVAL', 'SCTP is not there yet')
  return { protocol: protocolNumbers[key.protocol], addr: addressOf(key.address), port: portOf(key.port) }
}
function destinationKey(key: DestinationKey): { addr: Ipv4Addr; port: number } {
  return { addr: addressOf(key.address), port: portOf(key.port) }
}
function findService(director: Director, key: ServiceKey): ScheduledService {
  const { protocol, addr, port } = serviceKey(key)
  const service = director.balancing.find(protocol, addr, port)
  if (!service) throw new Refused('ESRCH', 'no such service')
  return service
}
function findDestination(service: ScheduledService, key: DestinationKey): Destination {
  const { addr, port } = destinationKey(key)
  const dest = service.destination(addr, port)
  if (!dest) throw new Refused('ENOENT', 'no such destination')
  return dest
}
function addressOf(text: string): Ipv4Addr {
  const addr = parseIpv4(text)
  if (addr === undefined) throw new Refused('EINVAL', `'${text}' is not an IPv4 address`)
  return addr
}
function portOf(port: number): number {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Refused('EINVAL', `${port} is not a port`)
  return port
}
function weightOf(weight: number): number {
  if (!Number.isInteger(weight) || weight < 0 || weight > 0x7fffffff)
    throw new Refused('ERANGE', `${weight} is not a weight of 0 to 2147483647`)
  return weight
}
function cidrOf(text: string) {
  const cidr = parseCidr(text)
  if (!cidr) throw new Refused('EINVAL', `'${text}' is neither an IPv4 address nor ADDRESS/PREFIX`)
  return cidr
}

function statsOf(director: Director, row: number): Stats {
  const { counters } = director.balancing
  return {
    conns: counters.shown(row, Counter.CONNS),
    inPkts: counters.shown(row, Counter.IN_PKTS),
    outPkts: counters.shown(row, Counter.OUT_PKTS),
    inBytes: counters.shown(row, Counter.IN_BYTES),
    outBytes: counters.shown(row, Counter.OUT_BYTES),
  }
}
function serviceInfo(director: Director, service: ScheduledService): ServiceInfo {
  return {
    protocol: protocolName(service.protocol),
    address: formatIpv4(service.addr),
    port: service.port,
    scheduler: service.scheduler.name,
    stats: statsOf(director, service.counters),
    destinations: service.destinations.map(dest => destinationInfo(director, dest)),
  }
}
function destinationInfo(director: Director, dest: Destination): DestinationInfo {
  return {
    address: formatIpv4(dest.addr),
    port: dest.port,
    method: 'masq',
    weight: dest.weight,
    activeConns: dest.activeConns,
    inactConns: dest.inactConns,
    stats: statsOf(director, dest.counters),
  }
}

function connectionPage(director: Director, from: number): ConnectionPage {
  const { table } = director.conns
  if (!Number.isInteger(from) || from < 0) throw new Refused('EINVAL', `${from} is not where a page starts`)
  const end = Math.min(from + BUCKETS_PER_PAGE, table.buckets)
  const rows: ConnectionInfo[] = []
  for (let bucket = from; bucket < end; bucket++) {
    let conn = table.bucketHead(bucket)
    while (conn !== NONE) {
      rows.push(connectionInfo(director, conn))
      conn = table.words[conn + NEXT]! as ConnIndex
    }
  }
  return { rows, next: end < table.buckets ? end : null }
}
function connectionInfo(director: Director, conn: ConnIndex): ConnectionInfo {
  const { words } = director.conns.table
  const protocol = protocolName(words[conn + DPORT_PROTOCOL]! & 0xff)
  return {
    protocol,
    state: protocol === 'udp' ? 'UDP' : tcpStateNames[words[conn + STATE]!]!,
    expires: director.conns.secondsLeft(conn),
    caddr: formatIpv4(words[conn + CADDR]!),
    cport: words[conn + CPORT_VPORT]! >>> 16,
    vaddr: formatIpv4(words[conn + VADDR]!),
    vport: words[conn + CPORT_VPORT]! & 0xffff,
    daddr: formatIpv4(words[conn + DADDR]!),
    dport: words[conn + DPORT_PROTOCOL]! >>> 16,
  }
}
