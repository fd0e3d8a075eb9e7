import type { DirectorOptions } from '../director/options.js'
import { Kind, type LocalKinds } from '../ebpf/worker-choice.js'
import { FIRST_LOCAL_PORT } from '../packet/local-port.js'
import { parseCidr, parseIpv4, type Cidr, type Ipv4Addr } from '../wire/addr.js'
import type { AddressOperation } from '../control/operations/index.js'
import type { Answer, Reply, Request, ServiceKey } from '../control/protocol/api.js'

/** The most former local addresses kept, which may still have connections. */
const MOST_PAST = 16_384

/** A change in progress. */
export interface AddressChange {
  /** Called when all workers have carried it out, or it was refused. */
  end(reply: Reply): void
}

/**
 * Keeps the steering program's table of our addresses: the director's, the services', and the local addresses of FULLNAT. An
 * address is added before the workers have it and removed after they no longer have it. A local address stays in the table when
 * no service has it any more, since its connections go on.
 */
export class SteeredAddresses {
  readonly #steering: LocalKinds
  readonly #report: (problem: string) => void
  /** Own address → number of its owners: interfaces, `--vip`, services. */
  readonly #own = new Map<Ipv4Addr, number>()
  /** Local address → number of services that have it. */
  readonly #local = new Map<Ipv4Addr, number>()
  readonly #past = new Set<Ipv4Addr>()
  /** By service: its own address (undefined for a mark's) and its local addresses. */
  readonly #services = new Map<string, { own: Ipv4Addr | undefined; local: Set<Ipv4Addr> }>()
  /** Single addresses given as `--vip`. One given twice counts once. */
  readonly #vips = new Set<Ipv4Addr>()

  /** SystemError if the steering's table is full. */
  constructor(
    steering: LocalKinds,
    { addresses, vips = [] }: Pick<DirectorOptions, 'addresses' | 'vips'>,
    report: (problem: string) => void,
  ) {
    this.#steering = steering
    this.#report = report
    for (const text of addresses) this.#hold(this.#own, parseCidr(text.split('@')[0]!)!.addr, 1)
    for (const text of vips) this.#addVip(parseCidr(text)!)
  }

  /** Prepares for a request. SystemError if the steering's table is full: then the request must not be carried out. */
  change(request: Request): AddressChange {
    if (request.op !== 'batch') return this.#changeOne(request)
    const begun: AddressChange[] = []
    const endAll = (answers: readonly Reply[]): void => begun.forEach((each, i) => each.end(answers[i]!))
    try {
      for (const each of request.requests) begun.push(this.#changeOne(each))
    } catch (error) {
      endAll(begun.map(() => REFUSED))
      throw error
    }
    return { end: reply => endAll(reply.ok ? (reply.value as Answer<null>[]) : begun.map(() => reply)) }
  }

  #changeOne(request: Request): AddressChange {
    const change = this.#changes[request.op as AddressOperation] as ((request: Request) => AddressChange) | undefined
    return change?.(request) ?? NOTHING
  }
  readonly #changes: { readonly [O in AddressOperation]: (request: Request<O>) => AddressChange } = {
    'add-service': ({ service }) => this.#addService(service),
    'delete-service': ({ service }) => whenDone(() => this.#deleteService(nameOf(service))),
    flush: () => whenDone(() => this.#flush()),
    reset: () => whenDone(() => this.#reset()),
    'add-local-address': request => this.#addLocal(request),
    'delete-local-address': ({ service, address }) =>
      whenDone(() => this.#deleteLocal(nameOf(service), parseIpv4(address))),
    'add-vip': ({ cidr }) => this.#tryVip(parseCidr(cidr)),
    'delete-vip': ({ cidr }) => whenDone(() => this.#deleteVip(parseCidr(cidr))),
  }

  #addService(key: ServiceKey): AddressChange {
    const own = 'mark' in key ? undefined : parseIpv4(key.address)
    if (own !== undefined) this.#hold(this.#own, own, 1)
    if ('port' in key && own !== undefined && this.#local.has(own) && (key.port === 0 || key.port >= FIRST_LOCAL_PORT))
      this.#report(
        `${key.address}:${key.port} is on a local address: the port there decides the worker, so answers may miss their connection`,
      )
    return {
      end: reply => {
        if (reply.ok) this.#services.set(nameOf(key), { own, local: new Set() })
        else if (own !== undefined) this.#hold(this.#own, own, -1)
      },
    }
  }
  #deleteService(name: string): void {
    const service = this.#services.get(name)
    if (!service) return // not served
    this.#services.delete(name)
    if (service.own !== undefined) this.#hold(this.#own, service.own, -1)
    for (const addr of service.local) this.#giveUp(addr)
  }
  #flush(): void {
    for (const name of this.#services.keys()) this.#deleteService(name)
  }
  /** All connections have ended, so that no packet comes to a former local address. */
  #reset(): void {
    this.#flush()
    const past = [...this.#past]
    this.#past.clear()
    past.forEach(addr => this.#tell(addr))
  }
  #addLocal({ service, address }: Request<'add-local-address'>): AddressChange {
    const addr = parseIpv4(address)
    if (addr === undefined) return NOTHING
    this.#hold(this.#local, addr, 1)
    return {
      end: reply => {
        if (reply.ok) this.#services.get(nameOf(service))?.local.add(addr)
        else this.#hold(this.#local, addr, -1)
      },
    }
  }
  #deleteLocal(name: string, addr: Ipv4Addr | undefined): void {
    if (addr !== undefined && this.#services.get(name)?.local.delete(addr)) this.#giveUp(addr)
  }
  #giveUp(addr: Ipv4Addr): void {
    this.#past.add(addr)
    this.#hold(this.#local, addr, -1)
    if (this.#past.size <= MOST_PAST) return
    const oldest = this.#past.values().next().value!
    this.#past.delete(oldest)
    this.#tell(oldest)
  }

  #tryVip(cidr: Cidr | undefined): AddressChange {
    if (!cidr || (cidr.prefix === 32 && this.#vips.has(cidr.addr))) return NOTHING
    this.#addVip(cidr)
    return { end: reply => void (reply.ok || this.#deleteVip(cidr)) }
  }
  #addVip(cidr: Cidr): void {
    if (cidr.prefix < 32) return this.#steering.addBlock(cidr)
    if (this.#vips.has(cidr.addr)) return
    this.#vips.add(cidr.addr)
    this.#hold(this.#own, cidr.addr, 1)
  }
  #deleteVip(cidr: Cidr | undefined): void {
    if (!cidr) return
    if (cidr.prefix < 32) this.#steering.removeBlock(cidr)
    else if (this.#vips.delete(cidr.addr)) this.#hold(this.#own, cidr.addr, -1)
  }

  #hold(holders: Map<Ipv4Addr, number>, addr: Ipv4Addr, by: 1 | -1): void {
    const count = (holders.get(addr) ?? 0) + by
    if (count > 0) holders.set(addr, count)
    else holders.delete(addr)
    try {
      this.#tell(addr)
    } catch (error) {
      if (by > 0) this.#hold(holders, addr, -1)
      throw error
    }
  }
  #tell(addr: Ipv4Addr): void {
    const isOwn = this.#own.has(addr)
    // A former local address that is an own address now is only that.
    if (isOwn) this.#past.delete(addr)
    const isLocal = this.#local.has(addr) || this.#past.has(addr)
    if (isOwn || isLocal) this.#steering.setLocal(addr, (isOwn ? Kind.OWN : 0) | (isLocal ? Kind.LOCAL : 0))
    else this.#steering.remove(addr)
  }
}

const REFUSED: Reply = { ok: false, refusal: 'ENOMEM', message: '' }
const NOTHING: AddressChange = { end: () => {} }

function whenDone(work: () => void): AddressChange {
  return { end: reply => void (reply.ok && work()) }
}

function nameOf(key: ServiceKey): string {
  return 'mark' in key ? `${key.mark} ${key.family ?? ''}` : `${key.protocol} ${parseIpv4(key.address)} ${key.port}`
}
