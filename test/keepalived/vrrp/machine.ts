import type { Action } from '../../../src/keepalived/vrrp/action.js'
import type { VrrpInstance } from '../../../src/keepalived/vrrp/instance.js'
import { VrrpRouter } from '../../../src/keepalived/vrrp/router.js'
import type { InstanceSettings, RouterSettings, Vip } from '../../../src/keepalived/vrrp/settings.js'
import { type IpAddr, parseIp } from '../../../src/wire/ip-addr.js'

/* State machines for tests, with keepalived's defaults. */

export const ip = (text: string): IpAddr => parseIp(text)!

export function vip(text: string, on = 'eth0'): Vip {
  return { address: ip(text), prefix: text.includes(':') ? 128 : 24, interface: on, isTracked: true }
}

export function instanceSettings(over: Partial<InstanceSettings> = {}): InstanceSettings {
  const { family = 4, isUnicast = false } = over
  return {
    name: 'VI_1',
    interface: 'eth0',
    family,
    vrid: 51,
    version: family === 6 ? 3 : 2,
    priority: 100,
    startsAsMaster: false,
    advertIntervalMs: 1000,
    downTimerAdverts: 3,
    nopreempt: false,
    preemptDelayMs: 0,
    tracksSource: false,
    group: ip(family === 6 ? 'ff02::12' : '224.0.0.18'),
    peers: [],
    isUnicast,
    unicastTtl: 255,
    unicastFaultNoPeer: false,
    checksUnicastSource: false,
    garp: {
      masterDelayMs: 5000,
      masterRepeat: 5,
      lowerPrioDelayMs: 5000,
      lowerPrioRepeat: 5,
      masterRefreshMs: 0,
      masterRefreshRepeat: 1,
      extraIfMs: 0,
      extraIfAll: false,
    },
    lowerPrioNoAdvert: false,
    higherPrioSendAdvert: false,
    skipCheckAdvAddr: false,
    dontTrackPrimary: false,
    vips: [vip(family === 6 ? 'fe80::100' : '192.0.2.100')],
    excludedVips: [],
    tracked: { interfaces: [], scripts: [], files: [], processes: [] },
    ...over,
  }
}

export function routerSettings(instances: InstanceSettings[], over: Partial<RouterSettings> = {}): RouterSettings {
  return {
    instances,
    groups: [],
    startupDelayMs: 0,
    garpIntervalMs: 0,
    gnaIntervalMs: 0,
    garpGroups: [],
    logUnknownVrids: false,
    linkDelays: new Map(),
    ...over,
  }
}

/** A router of one host, its clock with it. Host 1 has 192.0.2.1 and fe80::1 on eth0, 198.51.100.1 on eth1. */
export class Machine {
  readonly router: VrrpRouter
  /** Everything it wanted done so far. */
  readonly actions: Action[] = []
  nowMs = 0
  readonly #host: number

  constructor(settings: RouterSettings, host = 1) {
    this.#host = host
    this.router = new VrrpRouter(settings)
    this.link('eth0', true)
    this.link('eth1', true)
  }

  get instance(): VrrpInstance {
    return this.router.instances[0]!
  }
  /** What `run` does, done. */
  take(actions: readonly Action[]): readonly Action[] {
    this.actions.push(...actions)
    return actions
  }
  link(name: 'eth0' | 'eth1', isUp: boolean): readonly Action[] {
    const addresses = name === 'eth0' ? [`192.0.2.${this.#host}`, `fe80::${this.#host}`] : [`198.51.100.${this.#host}`]
    return this.take(this.router.setLink(name, { isUp, addresses: addresses.map(ip) }, this.nowMs))
  }
  start(): readonly Action[] {
    return this.take(this.router.start(this.nowMs))
  }
  /** On the dot of each timer until `untilMs`. */
  run(untilMs: number): readonly Action[] {
    const done: Action[] = []
    while (this.router.nextAtMs <= untilMs) {
      this.nowMs = Math.max(this.nowMs, this.router.nextAtMs)
      done.push(...this.take(this.router.advance(this.nowMs)))
    }
    this.nowMs = untilMs
    return done
  }
  /** An IP packet comes in now. */
  hear(packet: Uint8Array, on = 'eth0'): readonly Action[] {
    const dv = new DataView(packet.buffer, packet.byteOffset, packet.length)
    return this.take(this.router.receive(on, dv, 0, packet.length, this.nowMs))
  }
}

/** Priorities of the adverts among actions. */
export function advertsOf(actions: readonly Action[]): number[] {
  return actions.flatMap(action => (action.kind === 'advert' ? [action.priority] : []))
}
/** Refusals by reason, those that there are. */
export function refusalsOf(router: VrrpRouter): Record<string, number> {
  const all = [router.refusals, ...router.instances.map(({ status }) => status.refusals)]
  const found: Record<string, number> = {}
  for (const counts of all)
    for (const [reason, count] of Object.entries(counts)) if (count > 0) found[reason] = (found[reason] ?? 0) + count
  return found
}
