import type { IpAddr } from '../../wire/ip-addr.js'
import { VrrpPriority } from '../../wire/vrrp.js'
import type { NotifyEvent, Outbox, State } from './action.js'
import type { GarpQueues } from './garp-queues.js'
import { composeAdvert } from './compose-advert.js'
import { type AdvertRefusal, RefusalCounter } from './refusal.js'
import type { InstanceSettings, Vip } from './settings.js'
import type { Surroundings } from './surroundings.js'

/** What all instances of a router share. */
export interface Shared {
  readonly outbox: Outbox
  readonly announcer: GarpQueues
  readonly around: Surroundings
}

/** What an instance has to say: adverts, announcements, addresses, notifications, log lines. Numbers packets; knows no state. */
export class InstanceOutput {
  readonly refusals = new RefusalCounter()
  /** Of the authentication header: the last one heard or sent. */
  sequence = 0
  /** Adverts so far. */
  sent = 0
  #settings: InstanceSettings
  #shared: Shared
  #ipId = 0

  constructor(settings: InstanceSettings, shared: Shared) {
    this.#settings = settings
    this.#shared = shared
  }

  reload(settings: InstanceSettings, shared: Shared): void {
    this.#settings = settings
    this.#shared = shared
    this.#ipId = 0
  }

  /** Those in adverts, then those that are not. */
  get vips(): readonly Vip[] {
    return [...this.#settings.vips, ...this.#settings.excludedVips]
  }
  /** The address that adverts leave from; undefined: there is none, and none leave. */
  get source(): IpAddr | undefined {
    const { source, interface: device, family } = this.#settings
    return source ?? this.#shared.around.sourceOf(device, family)
  }

  advert(priority: number): void {
    const { source } = this
    if (source === undefined) return
    const { name, interface: device, isUnicast, peers, group, authentication } = this.#settings
    this.#ipId = (this.#ipId + 1) & 0xffff
    if (authentication?.type === 'AH') this.sequence++
    for (const destination of isUnicast ? peers.map(peer => peer.address) : [group]) {
      const sending = { source, destination, priority, id: this.#ipId, sequence: this.sequence }
      const packet = composeAdvert(this.#settings, sending)
      this.sent++
      this.#shared.outbox.put({ kind: 'advert', instance: name, interface: device, destination, priority, packet })
    }
  }
  /** An advert that says: no master here any longer. */
  farewell(): void {
    this.advert(VrrpPriority.STOPS)
    this.log('sent 0 priority')
  }

  announce(rounds: number, nowMs: number, vips = this.vips): void {
    this.#shared.announcer.announce(this.#settings.name, vips, rounds, nowMs)
  }
  /** Of each interface that adverts do not keep in switches' tables the first address: its MAC is what counts. */
  announceElsewhere(nowMs: number): void {
    const elsewhere = this.vips.filter(vip => vip.interface !== this.#settings.interface)
    const first = new Map(elsewhere.toReversed().map(vip => [vip.interface, vip]))
    this.announce(1, nowMs, [...first.values()].toReversed())
  }
  addAddresses(vips = this.vips): void {
    for (const vip of vips) this.#shared.outbox.put({ kind: 'add-address', instance: this.#settings.name, vip })
  }
  removeAddresses(vips = this.vips): void {
    this.#shared.announcer.forget(this.#settings.name)
    for (const vip of vips) this.#shared.outbox.put({ kind: 'remove-address', instance: this.#settings.name, vip })
  }

  transition(from: State, to: State, priority: number, reason: string): void {
    this.#shared.outbox.put({ kind: 'transition', instance: this.#settings.name, from, to, priority, reason })
  }
  notify(event: NotifyEvent, priority: number): void {
    this.#shared.outbox.put({ kind: 'notify', of: 'INSTANCE', name: this.#settings.name, event, priority })
  }
  priorityChange(state: State, from: number, to: number): void {
    this.log(`Changing effective priority from ${from} to ${to}`)
    this.#shared.outbox.put({ kind: 'priority', instance: this.#settings.name, state, from, to })
  }
  refuse(refusal: AdvertRefusal, nowMs: number): void {
    const line = this.refusals.count(refusal, nowMs)
    if (line !== undefined) this.log(line)
  }
  log(text: string): void {
    this.#shared.outbox.log(`(${this.#settings.name}) ${text}`)
  }
}
