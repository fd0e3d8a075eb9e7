import type {
  ConnectionInfo,
  Control,
  DestinationInfo,
  DestinationKey,
  DestinationParams,
  DestinationSettingsInfo,
  MarkRuleInfo,
  OperationName,
  Protocol,
  RefusalName,
  Reply,
  RouteInfo,
  Request,
  ServiceInfo,
  ServiceKey,
  ServicePage,
  ServiceSettingsInfo,
  TimeoutsInfo,
  TotalsInfo,
} from '../../src/control/protocol/api.js'
import { readTranscript } from './transcript.js'

const SCHEDULERS = 'rr wrr lc wlc sed nq sh dh lblc lblcr mh fo ovf'.split(' ')
const PAGE = 3

/** net.ipv4.vs as recorded, in the order of `sysctl -a`. */
const SYSCTLS = readTranscript('05-sysctls.txt').flatMap(({ out }) =>
  [...out.matchAll(/^net\.ipv4\.vs\.(\w+) = (.*)$/gm)].map(([, name = '', text = '']): [string, string] => [
    name,
    text,
  ]),
)
const LEVELS = 'drop_entry drop_packet secure_tcp sync_retries'.split(' ')
const TIMEOUTS: TimeoutsInfo = { tcp: 900, tcpfin: 120, udp: 300 }

export const noStats = { conns: 0, inPkts: 0, outPkts: 0, inBytes: 0, outBytes: 0 }
export const noRates = { cps: 0, inPps: 0, outPps: 0, inBps: 0, outBps: 0 }

class Refuse extends Error {
  constructor(readonly refusal: RefusalName) {
    super(`fake: ${refusal}`)
  }
}

/** Services, destinations, timeouts and sysctls by the kernel's rules (ipvs-behaviour.md §14.1), no packets. */
export class FakeControl implements Control {
  services: ServiceInfo[] = []
  connections: ConnectionInfo[] = []
  vips: string[] = []
  routes: RouteInfo[] = []
  marks: MarkRuleInfo[] = []
  timeouts = TIMEOUTS
  sysctls = new Map(SYSCTLS)
  verdicts: Record<string, number> = {}
  totals: TotalsInfo = { stats: noStats, rates: noRates, live: noStats, workers: [noStats] }
  /** Every request, as it came. */
  asked: Request[] = []

  async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    this.asked.push(request)
    return this.#reply(request) as Reply<O>
  }

  #reply(request: Request): Reply {
    try {
      return { ok: true, value: this.#answer(request) ?? null } as Reply
    } catch (error) {
      if (!(error instanceof Refuse)) throw error
      return { ok: false, refusal: error.refusal, message: error.message }
    }
  }

  #answer(request: Request): unknown {
    switch (request.op) {
      case 'add-service':
        return this.#addService(request.service, request.settings)
      case 'edit-service':
        return void Object.assign(
          this.#service(request.service),
          { clientAddress: 'none' },
          knownScheduler(request.settings),
        )
      case 'delete-service':
        return void this.services.splice(this.services.indexOf(this.#service(request.service)), 1)
      case 'flush':
        return void (this.services = [])
      case 'add-destination':
        return this.#addDestination(request)
      case 'edit-destination':
        return this.#editDestination(request)
      case 'delete-destination':
        return this.#deleteDestination(request.service, request.destination)
      case 'add-local-address':
        return this.#addLocalAddress(this.#service(request.service), request.address)
      case 'delete-local-address':
        return this.#deleteLocalAddress(this.#service(request.service), request.address)
      case 'zero':
        return this.#zero(request.service ? [this.#service(request.service)] : this.services)
      case 'services':
        return this.#services(request.service, Number(request.from ?? 0))
      case 'batch':
        return request.requests.map(each => this.#reply(each))
      case 'begin':
      case 'stage':
      case 'plan':
      case 'commit':
        throw new Refuse('EPROTO')
      case 'totals':
        return this.totals
      case 'connections':
        return this.#page(request.from)
      case 'end-connections':
        return { connections: 0, templates: 0, next: null }
      case 'verdicts':
        return this.verdicts
      case 'figures':
      case 'service-figures':
      case 'service-sums':
      case 'offload':
      case 'claims':
      case 'drops':
      case 'record':
      case 'watch':
      case 'watched':
      case 'unwatch':
      case 'health':
      case 'vrrp':
      case 'plan-reload':
      case 'announcements':
      case 'drain-director':
      case 'cancel-drain':
      case 'dashboard-login':
      case 'network':
        throw new Refuse('EPROTO') // ask a director
      case 'add-vip':
        return void this.vips.push(request.cidr)
      case 'delete-vip':
        return void (this.vips = this.vips.filter(vip => vip !== request.cidr))
      case 'add-route': {
        const { op: _, ...route } = request
        return void this.routes.push(route)
      }
      case 'delete-route':
        return void (this.routes = this.routes.filter(route => route.to !== request.to))
      case 'add-mark':
        return void this.marks.push(request.rule)
      case 'clear-marks':
        return void (this.marks = [])
      case 'timeouts':
        return this.timeouts
      case 'set-timeouts':
        return this.#setTimeouts(request.timeouts)
      case 'sysctls':
        return [...this.sysctls]
      case 'set-sysctl':
        return this.#setSysctl(request.name, request.value)
      case 'reset':
        return void Object.assign(this, {
          services: [],
          connections: [],
          marks: [],
          timeouts: TIMEOUTS,
          sysctls: new Map(SYSCTLS),
        })
    }
  }

  #find(key: ServiceKey): ServiceInfo | undefined {
    return this.services.find(svc =>
      'mark' in svc || 'mark' in key
        ? 'mark' in svc && 'mark' in key && svc.mark === key.mark
        : svc.protocol === key.protocol && same(svc, key),
    )
  }

  #services(only: ServiceKey | undefined, from: number): ServicePage {
    if (only) return { rows: [this.#service(only)], next: null }
    const end = from + PAGE
    return { rows: this.services.slice(from, end), next: end < this.services.length ? String(end) : null }
  }

  #service(key: ServiceKey): ServiceInfo {
    const found = this.#find(key)
    if (!found) throw new Refuse('ESRCH')
    return found
  }

  #addService(key: ServiceKey, settings: ServiceSettingsInfo): void {
    if (this.#find(key)) throw new Refuse('EEXIST')
    this.services.push({ ...key, ...knownScheduler(settings), stats: noStats, rates: noRates, destinations: [] })
  }

  #addLocalAddress(service: ServiceInfo, address: string): void {
    service.localAddresses ??= []
    if (service.localAddresses.includes(address)) throw new Refuse('EEXIST')
    service.localAddresses.push(address)
  }

  #deleteLocalAddress(service: ServiceInfo, address: string): void {
    const { localAddresses = [] } = service
    if (!localAddresses.includes(address)) throw new Refuse('ENOENT')
    service.localAddresses = localAddresses.filter(other => other !== address)
  }

  #addDestination({ service, destination: key, settings }: DestinationParams): void {
    const { destinations } = this.#service(service)
    checkThresholds(settings)
    if (destinations.some(dest => same(dest, key))) throw new Refuse('EEXIST')
    const first = Number(key.address.split('.')[0])
    if (key.address === '0.0.0.0' || first >= 224) throw new Refuse('EINVAL')
    destinations.unshift({
      ...key,
      ...settings,
      activeConns: 0,
      inactConns: 0,
      persistConns: 0,
      stats: noStats,
      rates: noRates,
    })
  }

  #editDestination({ service, destination: key, settings }: DestinationParams): void {
    const svc = this.#service(service)
    checkThresholds(settings)
    Object.assign(destination(svc, key), settings)
  }

  #deleteDestination(service: ServiceKey, key: DestinationKey): void {
    const svc = this.#service(service)
    svc.destinations.splice(svc.destinations.indexOf(destination(svc, key)), 1)
  }

  #zero(services: ServiceInfo[]): void {
    for (const svc of services)
      for (const each of [svc, ...svc.destinations]) Object.assign(each, { stats: noStats, rates: noRates })
  }

  #setTimeouts({ tcp, tcpfin, udp }: TimeoutsInfo): void {
    const before = this.timeouts
    this.timeouts = { tcp: tcp || before.tcp, tcpfin: tcpfin || before.tcpfin, udp: udp || before.udp }
  }

  #setSysctl(name: string, text: string): string {
    if (!this.sysctls.has(name)) throw new Refuse('ENOENT')
    const numbers = text.split(/\s+/).map(Number)
    const [first = NaN] = text === '' ? [] : numbers
    if (numbers.includes(NaN) || Number.isNaN(first) || (LEVELS.includes(name) && (first < 0 || first > 3)))
      throw new Refuse('EINVAL')
    this.sysctls.set(name, numbers.join('\t'))
    return numbers.join('\t')
  }

  #page(from: number): { rows: ConnectionInfo[]; next: number | null } {
    const end = from + PAGE
    return { rows: this.connections.slice(from, end), next: end < this.connections.length ? end : null }
  }
}

function same(a: DestinationKey, b: DestinationKey): boolean {
  return a.address === b.address && a.port === b.port
}

function destination(svc: ServiceInfo, key: DestinationKey): DestinationInfo {
  const found = svc.destinations.find(dest => same(dest, key))
  if (!found) throw new Refuse('ENOENT')
  return found
}

function knownScheduler(settings: ServiceSettingsInfo): ServiceSettingsInfo {
  if (!SCHEDULERS.includes(settings.scheduler)) throw new Refuse('ENOENT')
  return settings
}

function checkThresholds({ upperThreshold, lowerThreshold }: DestinationSettingsInfo): void {
  if (lowerThreshold > upperThreshold) throw new Refuse('ERANGE')
}

/** A row of the connection table, its ends written `address:port`. */
export function connection(
  protocol: Protocol | 'ip',
  expires: number,
  state: string,
  client: string,
  virtual: string,
  server: string,
): ConnectionInfo {
  const [caddr, cport] = splitEnd(client)
  const [vaddr, vport] = splitEnd(virtual)
  const [daddr, dport] = splitEnd(server)
  return { protocol, expires, state, caddr, cport, vaddr, vport, daddr, dport }
}

function splitEnd(end: string): [string, number] {
  const [address = '', port = ''] = end.split(':')
  return [address, Number(port)]
}
