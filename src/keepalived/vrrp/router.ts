import type { IpAddr } from '../../wire/ip-addr.js'
import { VrrpView } from '../../wire/vrrp.js'
import { type Action, Outbox } from './action.js'
import { GarpQueues } from './garp-queues.js'
import { VrrpInstance } from './instance.js'
import type { Shared } from './instance-output.js'
import { parsePacket } from './packet.js'
import { type AdvertRefusal, RefusalCounter, type RefusalCounts } from './refusal.js'
import type { InstanceSettings, RouterSettings } from './settings.js'
import { type Link, Surroundings } from './surroundings.js'
import { SyncGroup } from './sync-group.js'

const view = new VrrpView()

/**
 * All virtual routers of a host, as one pure machine: adverts, the state of links, results of scripts, and time go in; actions come out.
 * It has no timer, socket or clock: whoever drives it calls `advance` at `nextAtMs` or soon after. Times are milliseconds of one
 * steady clock, and never go back. Every method returns what is to be done now, in order.
 */
export class VrrpRouter {
  readonly #outbox = new Outbox()
  readonly #refusals = new RefusalCounter()
  #settings: RouterSettings
  #shared: Shared
  #instances: readonly VrrpInstance[]
  #groups: readonly SyncGroup[] = []
  /** By interface, family and VRID. */
  #byKey = new Map<string, VrrpInstance>()
  #isRunning = false

  constructor(settings: RouterSettings) {
    this.#settings = settings
    this.#shared = this.#share(settings)
    this.#instances = settings.instances.map(instance => new VrrpInstance(instance, this.#shared))
    this.#index()
  }

  get instances(): readonly VrrpInstance[] {
    return this.#instances
  }
  get groups(): readonly SyncGroup[] {
    return this.#groups
  }
  /** Packets that are no instance's; each instance counts its own. */
  get refusals(): RefusalCounts {
    return this.#refusals.counts
  }
  /** When `advance` has something to do next; Infinity: nothing. */
  get nextAtMs(): number {
    const { announcer, around } = this.#shared
    let next = Math.min(announcer.nextAtMs, around.nextAtMs)
    for (const instance of this.#instances) next = Math.min(next, instance.nextAtMs)
    return next
  }

  /** Links, and what else is known at once, are told before. */
  start(nowMs: number): readonly Action[] {
    this.#isRunning = true
    for (const instance of this.#instances) instance.start(nowMs, this.#settings.startupDelayMs)
    return this.#done()
  }

  advance(nowMs: number): readonly Action[] {
    if (this.#shared.around.advance(nowMs)) this.#reconsider(nowMs)
    // First what was due first: of a sync group the last one to be ready leads.
    const due = this.#instances.filter(({ nextAtMs }) => nextAtMs <= nowMs)
    for (const instance of due.sort((one, other) => one.nextAtMs - other.nextAtMs)) instance.advance(nowMs)
    this.#shared.announcer.advance(nowMs)
    return this.#done()
  }

  /** An IP packet that came in by an interface: `len` octets at `at`. Takes anything. */
  receive(interfaceName: string, dv: DataView, at: number, len: number, nowMs: number): readonly Action[] {
    const packet = parsePacket(dv, at, len)
    if ('reason' in packet) return this.#refuse(packet, interfaceName, nowMs)
    const { vrid } = view.wrap(dv, packet.at, packet.family)
    const instance = this.#byKey.get(keyOf(interfaceName, packet.family, vrid))
    if (!instance) {
      const text = `Unknown VRID(${vrid}) received. ignoring...`
      return this.#refuse({ reason: 'unknown-vrid', text }, interfaceName, nowMs)
    }
    instance.receive(packet, nowMs)
    return this.#done()
  }

  /** Undefined: there is no such link, or no longer. */
  setLink(name: string, link: Link | undefined, nowMs: number): readonly Action[] {
    this.#shared.around.setLink(name, link, nowMs)
    return this.#reconsidered(nowMs)
  }
  /** Somebody took an address off an interface; also those that went with it. */
  loseAddress(name: string, address: IpAddr, nowMs: number): readonly Action[] {
    for (const instance of this.#instances) instance.loseAddress(name, address, nowMs)
    return this.#done()
  }
  /** What a track script says, its rise and fall counted. */
  setScript(name: string, isGood: boolean, nowMs: number): readonly Action[] {
    this.#shared.around.setScript(name, isGood)
    return this.#reconsidered(nowMs)
  }
  /** The number in a tracked file; rubbish counts as 0. */
  setFile(name: string, value: number, nowMs: number): readonly Action[] {
    this.#shared.around.setFile(name, value)
    return this.#reconsidered(nowMs)
  }
  setProcess(name: string, isGood: boolean, nowMs: number): readonly Action[] {
    this.#shared.around.setProcess(name, isGood)
    return this.#reconsidered(nowMs)
  }

  /** Instances of the same interface, family and VRID keep their state; others go, with an advert of priority 0, or start. */
  reload(settings: RouterSettings, nowMs: number): readonly Action[] {
    for (const instance of this.#instances) instance.beforeReload(nowMs)
    const shared = this.#share(settings)
    this.#shared.around.copyTo(shared.around)
    const kept = (instance: InstanceSettings): VrrpInstance | undefined => this.#byKey.get(keyOfSettings(instance))
    const keys = new Set(settings.instances.map(keyOfSettings))
    for (const instance of this.#instances)
      if (!keys.has(keyOfSettings(instance.settings))) instance.stop(nowMs, 'FAULT')
    const instances = settings.instances.map(next => kept(next) ?? new VrrpInstance(next, shared))
    const old = new Set(this.#instances)
    this.#settings = settings
    this.#shared = shared
    this.#instances = instances
    this.#index()
    for (const [at, instance] of instances.entries()) {
      const next = settings.instances[at]
      if (!next) continue
      if (old.has(instance)) instance.reload(next, shared, nowMs)
      else instance.start(nowMs, 0)
    }
    return this.#done()
  }

  /** Masters say good-bye, and their addresses go. */
  stop(nowMs: number): readonly Action[] {
    this.#isRunning = false
    for (const instance of this.#instances) instance.stop(nowMs, 'STOP')
    for (const group of this.#groups) group.stop()
    return this.#outbox.take()
  }

  #share(settings: RouterSettings): Shared {
    const announcer = new GarpQueues(this.#outbox, settings)
    return { outbox: this.#outbox, announcer, around: new Surroundings(settings.linkDelays) }
  }

  #index(): void {
    this.#byKey = new Map(this.#instances.map((instance, at) => [this.#keyAt(at), instance]))
    const names = new Map(this.#instances.map((instance, at) => [this.#settings.instances[at]?.name, instance]))
    const before = new Map(this.#groups.map(group => [group.name, group]))
    for (const instance of this.#instances) instance.companions = undefined
    this.#groups = this.#settings.groups.map(({ name, members }) => {
      const ours = members.flatMap(member => names.get(member) ?? [])
      const group = new SyncGroup(name, ours, this.#outbox)
      for (const member of ours) member.companions = group
      const same = before.get(name)
      if (same) group.inherit(same)
      return group
    })
  }
  #keyAt(at: number): string {
    const settings = this.#settings.instances[at]
    return settings ? keyOfSettings(settings) : ''
  }

  #refuse(refusal: AdvertRefusal, interfaceName: string, nowMs: number): readonly Action[] {
    const line = this.#refusals.count(refusal, nowMs)
    const isSaid = refusal.reason !== 'unknown-vrid' || this.#settings.logUnknownVrids
    if (line !== undefined && isSaid) this.#outbox.log(`${interfaceName}: ${line}`)
    return this.#done()
  }

  #reconsidered(nowMs: number): readonly Action[] {
    this.#reconsider(nowMs)
    return this.#done()
  }
  #reconsider(nowMs: number): void {
    if (!this.#isRunning) return
    for (const instance of this.#instances) instance.reconsider(nowMs)
  }
  #done(): readonly Action[] {
    for (const group of this.#groups) group.settle()
    return this.#outbox.take()
  }
}

function keyOfSettings({ interface: name, family, vrid }: InstanceSettings): string {
  return keyOf(name, family, vrid)
}
function keyOf(interfaceName: string, family: number, vrid: number): string {
  return `${interfaceName} ${family} ${vrid}`
}
