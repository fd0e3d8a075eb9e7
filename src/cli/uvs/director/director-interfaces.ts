import type { Control } from '../../../control/protocol/api.js'
import type { OwnInterfaces, TakePacket } from '../../../keepalived/vrrp-host/own-interfaces.js'
import type { AdvertReader } from '../../../plane/advert-queue.js'
import type { RouterOrder } from '../../../plane/router-order.js'
import { formatIpv4, parseCidr, type Cidr, type Ipv4Addr } from '../../../wire/addr.js'
import type { DirectorCommand } from './director-options.js'

/** Of a data plane: how virtual routers speak by it. */
export interface SpokenBy extends Control {
  readonly adverts: readonly AdvertReader[]
  order(order: RouterOrder): void
}

/** What of the options is told of interfaces and addresses. */
export type Given = Pick<DirectorCommand, 'devices' | 'director'>

/** The interfaces that uvs holds alone, their names in the options' order. */
export function aloneIn({ devices }: Given): string[] {
  return devices.filter(device => device.kind !== 'raw' || device.isBeside !== true).map(({ name }) => name)
}

/** A director's interfaces as virtual routers need them, where it holds them alone: an address that it has as master is a `--vip`. */
export class DirectorInterfaces implements OwnInterfaces {
  readonly #plane: SpokenBy
  readonly #given: Given
  readonly #alone: ReadonlySet<string>
  readonly #tell: (line: string) => void
  /** 'interface address' */
  readonly #held = new Set<string>()
  /** The last change of an address, and what waits for it. */
  #changed: Promise<unknown> = Promise.resolve()

  constructor(plane: SpokenBy, given: Given, tell: (line: string) => void) {
    this.#plane = plane
    this.#given = given
    this.#alone = new Set(aloneIn(given))
    this.#tell = tell
  }

  has(name: string): boolean {
    return this.#alone.has(name)
  }
  mayBeElsewhere(name: string): boolean {
    return this.#given.devices.some(device => device.name === name && device.kind === 'tap')
  }
  addresses(name: string): readonly Ipv4Addr[] {
    return this.#given.director.addresses.flatMap(text => {
      const [cidr = '', on] = text.split('@')
      const addr = parseCidr(cidr)?.addr
      return on === name && addr !== undefined ? [addr] : []
    })
  }
  /** All that others can ask for here: those of the interfaces, and those of virtual routers that are master. */
  get answered(): readonly string[] {
    const own = [...this.#alone].flatMap(name => this.addresses(name)).map(formatIpv4)
    return [...own, ...this.#addressesHeld().values()]
  }

  /** No service alone claims one of these. */
  withhold(addresses: readonly Ipv4Addr[]): void {
    this.#plane.order({ kind: 'withhold', addresses })
  }

  open(vrids: readonly number[]): void {
    for (const reader of this.#plane.adverts) reader.open(vrids)
  }
  hear(take: TakePacket, most: number): number {
    let heard = 0
    for (const reader of this.#plane.adverts)
      heard += reader.read((link, view, at, len) => take(this.#nameOf(link), view, at, len), most - heard)
    return heard
  }
  close(): void {
    for (const reader of this.#plane.adverts) reader.close()
  }

  send(name: string, packet: Uint8Array): void {
    this.#plane.order({ kind: 'advert', link: this.#linkOf(name), packet })
  }
  announce(name: string, addr: Ipv4Addr): void {
    this.#then(async () => this.#plane.order({ kind: 'announce', link: this.#linkOf(name), addr }))
  }
  hold(name: string, addr: Ipv4Addr): void {
    const before = this.#addressesHeld()
    this.#held.add(`${name} ${formatIpv4(addr)}`)
    if (!before.has(formatIpv4(addr))) this.#change('add-vip', addr)
  }
  letGo(name: string, addr: Ipv4Addr): void {
    const had = this.#held.delete(`${name} ${formatIpv4(addr)}`)
    if (had && !this.#addressesHeld().has(formatIpv4(addr))) this.#change('delete-vip', addr)
  }

  /** Whether a virtual router has it now. */
  holds({ addr, prefix }: Cidr): boolean {
    return prefix === 32 && this.#addressesHeld().has(formatIpv4(addr))
  }

  /** Resolves when what was asked so far has been done. */
  async settled(): Promise<void> {
    await this.#changed
  }

  #addressesHeld(): Set<string> {
    return new Set([...this.#held].map(key => key.slice(key.indexOf(' ') + 1)))
  }
  #change(op: 'add-vip' | 'delete-vip', addr: Ipv4Addr): void {
    const cidr = formatIpv4(addr)
    this.#then(async () => {
      const reply = await this.#plane.call({ op, cidr })
      if (!reply.ok) this.#tell(`${cidr} is not ${op === 'add-vip' ? 'answered for' : 'let go'}: ${reply.message}`)
    })
  }
  /** One after the other: who asks for an address that was announced is answered. */
  #then(step: () => Promise<void>): void {
    this.#changed = this.#changed.then(step).catch((error: Error) => this.#tell(error.message))
  }

  #linkOf(name: string): number {
    return this.#given.devices.findIndex(device => device.name === name)
  }
  #nameOf(link: number): string {
    return this.#given.devices[link]?.name ?? ''
  }
}
