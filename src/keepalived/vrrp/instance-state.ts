import { VrrpPriority } from '../../wire/vrrp.js'
import type { State } from './action.js'
import { Announcements } from './announcements.js'
import { InstanceOutput, type Shared } from './instance-output.js'
import { InstanceTimer } from './instance-timer.js'
import { type InstanceSettings, isAmong } from './settings.js'

/** The state of an instance, and what it does on coming to one: adverts, addresses, announcements, timers. Decides nothing. */
export class InstanceState {
  readonly output: InstanceOutput
  readonly timer: InstanceTimer
  readonly announcements = new Announcements()
  #settings: InstanceSettings
  #state: State = 'INIT'
  #sinceMs = 0
  #reason = 'not started'
  #priority: number
  #transitions = 0

  constructor(settings: InstanceSettings, shared: Shared) {
    this.#settings = settings
    this.output = new InstanceOutput(settings, shared)
    this.timer = new InstanceTimer(settings)
    this.#priority = settings.priority
  }

  get state(): State {
    return this.#state
  }
  get sinceMs(): number {
    return this.#sinceMs
  }
  get reason(): string {
    return this.#reason
  }
  /** The effective one. */
  get priority(): number {
    return this.#priority
  }
  /** Changes of state so far. */
  get transitions(): number {
    return this.#transitions
  }
  get skewMs(): number {
    return this.timer.skewMs(this.#priority)
  }
  get downMs(): number {
    return this.timer.downMs(this.#priority)
  }

  /** A backup's running wait changes with its skew (recording track-file). */
  setPriority(priority: number): void {
    const from = this.#priority
    if (priority === from) return
    const skewBefore = this.skewMs
    this.#priority = priority
    if (this.#state === 'BACKUP') this.timer.atMs += this.skewMs - skewBefore
    this.output.priorityChange(this.#state, from, priority)
  }
  /** Of a start: no change. */
  beginWith(priority: number): void {
    this.#priority = priority
  }

  enterMaster(nowMs: number, reason: string): void {
    this.timer.forgetMaster(this.#settings)
    this.sendAdvert(nowMs)
    this.#change('MASTER', nowMs, reason)
    this.output.addAddresses()
    this.announce(this.announcements.start(this.#settings.garp, nowMs), nowMs)
    this.output.notify('MASTER', this.#priority)
  }

  enterBackup(nowMs: number, reason: string, waitMs: number): void {
    const wasMaster = this.#state === 'MASTER'
    this.#change('BACKUP', nowMs, reason)
    this.timer.set(nowMs + waitMs)
    if (wasMaster) this.output.removeAddresses()
    this.output.notify('BACKUP', this.#priority)
  }

  /** Two adverts say that a master stops for a fault of its own, one for another member's (recordings script-fault, sync-group-script). */
  enterFault(nowMs: number, reason: string, isOwn: boolean): void {
    const wasMaster = this.#state === 'MASTER'
    if (wasMaster && isOwn) this.output.advert(VrrpPriority.STOPS)
    if (wasMaster) this.output.farewell()
    this.#change('FAULT', nowMs, reason)
    this.timer.clear()
    this.timer.forgetMaster(this.#settings)
    if (wasMaster) this.output.removeAddresses()
    this.output.notify('FAULT', this.#priority)
  }

  end(nowMs: number, reason: string, event: 'STOP' | 'FAULT'): void {
    if (this.#state === 'MASTER') {
      this.output.farewell()
      this.output.removeAddresses()
    }
    this.timer.clear()
    this.#change('INIT', nowMs, reason)
    this.output.notify(event, this.#priority)
  }

  /** Takes new settings; a master lets addresses go that it has no longer. `addNew` must follow. */
  reload(settings: InstanceSettings, shared: Shared): { readonly addNew: (nowMs: number) => void } {
    const before = this.output.vips
    this.#settings = settings
    this.output.reload(settings, shared)
    this.timer.forgetMaster(settings)
    this.announcements.forget()
    const { vips } = this.output
    if (this.#state === 'MASTER') this.output.removeAddresses(before.filter(vip => !isAmong(vip, vips)))
    const added = vips.filter(vip => !isAmong(vip, before))
    return {
      addNew: nowMs => {
        this.output.addAddresses(added)
        if (added.length > 0) this.announce(settings.garp.masterRepeat, nowMs)
        this.announcements.startExtra(settings.garp, nowMs)
        this.sendAdvert(nowMs)
      },
    }
  }

  /** An advert of the effective priority, and an interval until the next. */
  sendAdvert(nowMs: number): void {
    this.output.advert(this.#priority)
    this.timer.set(nowMs + this.#settings.advertIntervalMs)
  }
  /** What garp_extra_if asks for. */
  announceElsewhere(nowMs: number): void {
    if (this.announcements.isExtraDue(this.#settings.garp, nowMs)) this.output.announceElsewhere(nowMs)
  }
  /** A master's alone. */
  announce(rounds: number, nowMs: number): void {
    if (this.#state === 'MASTER') this.output.announce(rounds, nowMs)
  }

  #change(to: State, nowMs: number, reason: string): void {
    this.output.transition(this.#state, to, this.#priority, reason)
    this.#transitions++
    this.#state = to
    if (to !== 'MASTER') this.announcements.endExtra()
    this.#sinceMs = nowMs
    this.#reason = reason
  }
}
