import type { Holder, HoldsSink } from '../../neigh/own-addresses.js'
import { AddressKind, type Front } from '../../packet/front.js'
import type { Destination } from '../../service/destination.js'
import { FTP_PORT } from '../../service/ftp.js'
import type { MarkRule } from '../../service/marks.js'
import { Method } from '../../service/method.js'
import type { ServiceIdentity } from '../../service/service-identity.js'
import { formatIpv4, type Cidr, type Ipv4Addr } from '../../wire/addr.js'
import { IpProtocol } from '../../wire/ipv4.js'

/** The protocols of a service of a firewall mark. */
const BALANCED = [IpProtocol.TCP, IpProtocol.UDP, IpProtocol.SCTP] as const

/**
 * Keeps the front's entries as the rules require: an address has a kind while at least one rule gives it. If the front has no
 * room for an entry, the rule is kept, its packets stay with the kernel, and `report` is told.
 */
export class FrontKeeper implements HoldsSink {
  readonly #front: Front
  readonly #report: (problem: string) => void
  /** Address → kind → number of rules that give it. */
  readonly #kinds = new Map<Ipv4Addr, Map<number, number>>()
  /** 'PROTOCOL ADDR PORT' → number of destinations that answer from there. */
  readonly #servers = new Map<string, number>()
  /** 'PROTOCOL ADDR PORT' → number of reasons to take packets to there: a service, destinations that have lost theirs. */
  readonly #places = new Map<string, number>()
  /** The kinds that each destination has given to its address. */
  readonly #entered = new Map<Destination, Entered>()
  /** 'ADDR/PREFIX' → kind → number of rules that give it. */
  readonly #blocks = new Map<string, Map<number, number>>()
  #marked: readonly MarkRule[] = []

  constructor(front: Front, report: (problem: string) => void) {
    this.#front = front
    this.#report = report
  }

  hold(addr: Ipv4Addr, holder: Holder): void {
    this.#count(addr, holder, 1)
  }
  letGo(addr: Ipv4Addr, holder: Holder): void {
    this.#count(addr, holder, -1)
  }
  addBlock(cidr: Cidr): void {
    this.#countBlock(cidr, AddressKind.OWN, 1)
  }
  removeBlock(cidr: Cidr): void {
    this.#countBlock(cidr, AddressKind.OWN, -1)
  }

  /** Adds a service. An FTP service takes data connections on other ports too, so all packets to its address are taken. */
  addService({ mark, protocol, addr, port }: ServiceIdentity): void {
    if (mark !== 0) return
    this.#countPlace(protocol, addr, port, 1)
    if (port === FTP_PORT) this.#count(addr, AddressKind.MARKED, 1)
  }
  removeService({ mark, protocol, addr, port }: ServiceIdentity): void {
    if (mark !== 0) return
    this.#countPlace(protocol, addr, port, -1)
    if (port === FTP_PORT) this.#count(addr, AddressKind.MARKED, -1)
  }

  /** Adds a destination, or its new method. The former method's entries stay, since open connections keep it. */
  addDestination(dest: Destination): void {
    const { addr, method } = dest
    const entered = this.#entered.get(dest) ?? { isServer: false, isTunnel: false, isLeaving: false }
    if (method === Method.MASQ && !entered.isServer) {
      entered.isServer = true
      this.#count(addr, AddressKind.SERVER, 1)
      this.#countServers(dest, 1)
    }
    if (method === Method.TUNNEL && !entered.isTunnel) {
      entered.isTunnel = true
      this.#count(addr, AddressKind.TUNNEL, 1)
    }
    this.#entered.set(dest, entered)
  }
  /**
   * A destination was deleted, and connections refer to it: packets to its service are taken until they have ended, even if the service
   * is deleted too. What is of no connection goes back to the kernel.
   */
  leave(dest: Destination): void {
    const entered = this.#entered.get(dest)
    if (entered === undefined || entered.isLeaving || dest.service.mark !== 0) return
    entered.isLeaving = true
    this.#countLeaving(dest, 1)
  }
  /** Removes a destination that no connection refers to any more. */
  forgetDestination(dest: Destination): void {
    const entered = this.#entered.get(dest)
    if (entered === undefined) return
    this.#entered.delete(dest)
    if (entered.isServer) {
      this.#countServers(dest, -1)
      this.#count(dest.addr, AddressKind.SERVER, -1)
    }
    if (entered.isTunnel) this.#count(dest.addr, AddressKind.TUNNEL, -1)
    if (entered.isLeaving) this.#countLeaving(dest, -1)
  }
  forgetDestinations(): void {
    for (const dest of this.#entered.keys()) this.forgetDestination(dest)
  }

  /** Replaces the rules for firewall marks. */
  mark(rules: readonly MarkRule[]): void {
    for (const { to } of this.#marked) this.#markBlock(to, -1)
    this.#marked = rules
    for (const { to } of rules) this.#markBlock(to, 1)
  }

  #markBlock(to: Cidr, by: 1 | -1): void {
    if (to.prefix === 32) this.#count(to.addr, AddressKind.MARKED, by)
    else this.#countBlock({ ...to, addr: (to.addr & to.mask) as Ipv4Addr }, AddressKind.MARKED, by)
  }
  #countBlock(block: Cidr, kind: number, by: 1 | -1): void {
    const name = `${formatIpv4(block.addr)}/${block.prefix}`
    const isThere = this.#blocks.has(name)
    const kinds = counted(this.#blocks, name, kind, by)
    if (kinds === undefined) return
    if (isThere) this.#front.removeBlock(block)
    if (kinds !== 0) this.#try(name, () => this.#front.addBlock(block, kinds))
  }

  #countLeaving({ service: { protocol, addr, port } }: Destination, by: 1 | -1): void {
    this.#count(addr, AddressKind.SERVICE, by)
    if (port === FTP_PORT) this.#count(addr, AddressKind.MARKED, by)
    this.#countPlace(protocol, addr, port, by)
  }
  #countPlace(protocol: number, addr: Ipv4Addr, port: number, by: 1 | -1): void {
    const isThere = countedTo(this.#places, `${protocol} ${addr} ${port}`, by)
    if (isThere === undefined) return
    this.#try(`${formatIpv4(addr)}:${port}`, () => this.#front.setService(protocol, addr, port, isThere))
  }
  #countServers({ service, addr, port }: Destination, by: 1 | -1): void {
    // Services of a mark, of port 0 and FTP's keep the client's destination port, so real servers answer from any port.
    const isAnyPort = service.mark !== 0 || service.port === 0 || service.port === FTP_PORT || port === 0
    const protocols = service.mark === 0 ? [service.protocol] : BALANCED
    for (const protocol of protocols) this.#countServer(protocol, addr, isAnyPort ? 0 : port, by)
  }
  #countServer(protocol: number, addr: Ipv4Addr, port: number, by: 1 | -1): void {
    const isThere = countedTo(this.#servers, `${protocol} ${addr} ${port}`, by)
    if (isThere === undefined) return
    this.#try(`${formatIpv4(addr)}:${port}`, () => this.#front.setServer(protocol, addr, port, isThere))
  }

  #count(addr: Ipv4Addr, kind: number, by: 1 | -1): void {
    const kinds = counted(this.#kinds, addr, kind, by)
    if (kinds !== undefined) this.#try(formatIpv4(addr), () => this.#front.setKinds(addr, kinds))
  }

  #try(what: string, enter: () => void): void {
    try {
      enter()
    } catch (error) {
      this.#report(
        `${what}: the front cannot take it, so its packets go to the kernel: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }
}

/** Adds or removes a reason for `name`. Returns whether it has any, if that changed, else undefined. */
function countedTo(all: Map<string, number>, name: string, by: 1 | -1): boolean | undefined {
  const before = all.get(name) ?? 0
  const after = before + by
  if (after > 0) all.set(name, after)
  else all.delete(name)
  return before > 0 === after > 0 ? undefined : after > 0
}

/** Adds or removes a rule that gives `key` a kind. Returns the new kinds of `key` if they changed, else undefined. */
function counted<K>(all: Map<K, Map<number, number>>, key: K, kind: number, by: 1 | -1): number | undefined {
  const counts = all.get(key) ?? new Map<number, number>()
  const before = counts.get(kind) ?? 0
  if (before + by > 0) counts.set(kind, before + by)
  else counts.delete(kind)
  if (counts.size > 0) all.set(key, counts)
  else all.delete(key)
  if (before > 0 === before + by > 0) return undefined
  return [...counts.keys()].reduce((kinds, each) => kinds | each, 0)
}

interface Entered {
  isServer: boolean
  isTunnel: boolean
  /** Deleted, with connections. */
  isLeaving: boolean
}
