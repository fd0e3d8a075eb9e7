import type { AdvertSink } from '../../src/packet/advert-sink.js'
import type { Slab } from '../../src/packet/frame.js'
import { execute } from '../../src/control/operations/execute.js'
import type { KeepalivedConfig } from '../../src/keepalived/config/tree/config.js'
import type { Action } from '../../src/keepalived/vrrp/action.js'
import { routerSettingsFrom } from '../../src/keepalived/vrrp/from-config.js'
import { VrrpRouter } from '../../src/keepalived/vrrp/router.js'
import { virtualAddresses } from '../../src/keepalived/vrrp/virtual-addresses.js'
import { formatIpv4, parseCidr, type Ipv4Addr } from '../../src/wire/addr.js'
import { isIpv4 } from '../../src/wire/ip-addr.js'
import { LINK_NAMES, type DirectorStation } from './director-station.js'
import type { Ground } from './ground.js'

interface Heard {
  readonly link: number
  readonly view: DataView
}

/** What a director hears of other virtual routers, until its own take it. */
export class HeardAdverts implements AdvertSink {
  readonly isOpen = true
  readonly #heard: Heard[] = []

  take(link: number, { bytes }: Slab, at: number, len: number): boolean {
    this.#heard.push({ link, view: new DataView(bytes.slice(at, at + len).buffer) })
    return true
  }
  next(): Heard | undefined {
    return this.#heard.shift()
  }
}

/** A director's virtual routers: the state machine of src/keepalived/vrrp, its adverts sent and heard by the director. */
export class RouterStation {
  readonly #config: KeepalivedConfig
  readonly #addresses: readonly string[]
  readonly #station: DirectorStation
  readonly #ground: Ground
  readonly #adverts: HeardAdverts
  readonly #router: VrrpRouter
  /** How often each address is held, by instances. */
  readonly #held = new Map<Ipv4Addr, number>()
  #wakesAtMs = Infinity

  constructor(
    config: KeepalivedConfig,
    addresses: readonly string[],
    station: DirectorStation,
    adverts: HeardAdverts,
    ground: Ground,
  ) {
    this.#config = config
    this.#addresses = addresses
    this.#station = station
    this.#ground = ground
    this.#adverts = adverts
    this.#router = new VrrpRouter(routerSettingsFrom(config))
  }

  /** 'MASTER' if all are; else what the first that is none is. */
  get state(): string {
    const { instances } = this.#router
    return (instances.find(({ state }) => state !== 'MASTER') ?? instances[0])?.state ?? ''
  }

  start(): void {
    const { director } = this.#station
    director.ownAddresses.withhold(virtualAddresses(this.#config))
    for (const name of LINK_NAMES)
      this.#do(() => this.#router.setLink(name, { isUp: true, addresses: this.#addressesOn(name) }, this.#now))
    this.#station.heard = () => this.#hear()
    this.#do(() => this.#router.start(this.#now))
  }

  get #now(): number {
    return this.#ground.events.nowMs
  }

  #addressesOn(link: string): Ipv4Addr[] {
    return this.#addresses.flatMap(text => {
      const [cidr = '', on] = text.split('@')
      return on === link ? (parseCidr(cidr)?.addr ?? []) : []
    })
  }

  #hear(): void {
    for (let heard = this.#adverts.next(); heard; heard = this.#adverts.next()) {
      const { link, view } = heard
      this.#do(() => this.#router.receive(LINK_NAMES[link]!, view, 0, view.byteLength, this.#now))
    }
    // Those that were due while their director was down.
    if (this.#router.nextAtMs <= this.#now) this.#do(() => this.#router.advance(this.#now))
  }

  #do(step: () => readonly Action[]): void {
    for (const action of step()) this.#perform(action)
    this.#station.settle()
    this.#sleep()
  }
  #sleep(): void {
    const next = this.#router.nextAtMs
    if (next >= this.#wakesAtMs || next === Infinity) return
    this.#wakesAtMs = next
    this.#ground.events.at(next, () => {
      this.#wakesAtMs = Infinity
      if (!this.#station.isUp) return
      if (this.#router.nextAtMs <= this.#now) this.#do(() => this.#router.advance(this.#now))
      else this.#sleep()
    })
  }

  #perform(action: Action): void {
    const { director, name } = this.#station
    switch (action.kind) {
      case 'advert':
        director.voice.send(linkOf(action.interface), action.packet)
        return
      case 'announce':
        if (isIpv4(action.address)) director.voice.announce(linkOf(action.interface), action.address)
        return
      case 'add-address':
        if (isIpv4(action.vip.address)) this.#hold(action.vip.address, 1)
        return
      case 'remove-address':
        if (isIpv4(action.vip.address)) this.#hold(action.vip.address, -1)
        return
      case 'transition': {
        const text = `${name}: ${action.instance} is ${action.to}: ${action.reason}`
        this.#ground.ledger.event(this.#now, 'vrrp', text, true)
        return
      }
      default:
    }
  }

  #hold(addr: Ipv4Addr, more: 1 | -1): void {
    const before = this.#held.get(addr) ?? 0
    const after = before + more
    this.#held.set(addr, after)
    const op = before === 0 ? 'add-vip' : after === 0 ? 'delete-vip' : undefined
    if (op) execute(this.#station.director, { op, cidr: formatIpv4(addr) })
  }
}

function linkOf(name: string): number {
  return Math.max(
    0,
    LINK_NAMES.findIndex(link => link === name),
  )
}
