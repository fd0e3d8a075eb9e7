import { formatIp, isSameIp, type IpAddr } from '../../wire/ip-addr.js'
import { VrrpPriority } from '../../wire/vrrp.js'
import type { State } from './action.js'
import { type Advert, checkAdvert } from './check-advert.js'
import type { Companions, Member } from './companions.js'
import { Preemption, reasonToYield } from './election.js'
import type { InstanceOutput, Shared } from './instance-output.js'
import { InstanceState } from './instance-state.js'
import type { VrrpPacket } from './packet.js'
import type { RefusalCounts } from './refusal.js'
import type { InstanceSettings, Vip } from './settings.js'
import { type PriorityChange, type TrackedState, trackedState } from './tracking.js'

const NO_ADVERT = 'no advert was heard'

/** What is shown of an instance. */
export interface InstanceStatus {
  readonly state: State
  readonly sinceMs: number
  readonly reason: string
  /** The effective one. */
  readonly priority: number
  readonly changes: readonly PriorityChange[]
  readonly faults: readonly string[]
  /** The last valid advert. */
  readonly lastAdvert: HeardAdvert | undefined
  /** When the next advert, or the end of the wait for one, is due; Infinity: never. */
  readonly timerAtMs: number
  readonly refusals: RefusalCounts
  readonly counts: InstanceCounts
}

export interface HeardAdvert {
  readonly source: IpAddr
  readonly priority: number
  readonly atMs: number
}

/** Since the start: adverts that were sent, valid ones that were heard, changes of state. */
export interface InstanceCounts {
  readonly sent: number
  readonly heard: number
  readonly transitions: number
}

/**
 * One virtual router: RFC 3768 §6.4 and RFC 9568 §6.4 as keepalived speaks them. Time is what the caller says; what is to be done goes
 * to the outbox. A refused advert is counted and changes nothing else: keepalived starts a master's timer anew, so that garbage
 * silences it.
 */
export class VrrpInstance implements Member {
  companions: Companions | undefined
  readonly #own: InstanceState
  readonly #preemption = new Preemption()
  #settings: InstanceSettings
  #shared: Shared
  /** An owner that met another one. */
  #isOwnerInDoubt = false
  #faults: readonly string[] = []
  #lastAdvert: HeardAdvert | undefined
  #heard = 0
  /** Why a backup becomes master when its wait ends. */
  #whyNext = NO_ADVERT

  constructor(settings: InstanceSettings, shared: Shared) {
    this.#settings = settings
    this.#shared = shared
    this.#own = new InstanceState(settings, shared)
  }

  get settings(): InstanceSettings {
    return this.#settings
  }
  get name(): string {
    return this.#settings.name
  }
  get state(): State {
    return this.#own.state
  }
  get reason(): string {
    return this.#own.reason
  }
  get faults(): readonly string[] {
    return this.#faults
  }
  get isReadyForMaster(): boolean {
    return this.state === 'MASTER' || this.#own.timer.isWaitingForGroup
  }
  get nextAtMs(): number {
    return Math.min(this.#own.timer.atMs, this.#own.announcements.nextAtMs)
  }
  get status(): InstanceStatus {
    const { state, sinceMs, reason, priority, timer, output, transitions } = this.#own
    const { counts: refusals } = output.refusals
    const [faults, lastAdvert] = [this.#faults, this.#lastAdvert]
    const { changes } = this.#standing
    const counts = { sent: output.sent, heard: this.#heard, transitions }
    return { state, sinceMs, reason, priority, changes, faults, lastAdvert, timerAtMs: timer.atMs, refusals, counts }
  }

  /** Addresses that are there already are those of a director that was killed: they go. */
  start(nowMs: number, delayMs: number): void {
    this.#output.removeAddresses()
    const { priority, faults, isPending } = this.#standing
    this.#own.beginWith(priority)
    this.#faults = faults
    const waitMs = delayMs + this.#firstWaitMs
    if (faults.length > 0) this.#enterFault(nowMs, faults.join(', '))
    else if (!this.#isGroupSound) this.#enterFault(nowMs, 'a fault in its sync group')
    else if (isPending) this.#output.log('waits for its scripts')
    else if (waitMs === 0 && !this.companions) this.#own.enterMaster(nowMs, 'owner of the addresses')
    else this.#enterBackup(nowMs, 'start', waitMs)
  }

  /** Something around has changed. */
  reconsider(nowMs: number): void {
    const { priority, faults, isPending } = this.#standing
    this.#own.setPriority(priority)
    this.#faults = faults
    if (faults.length > 0) {
      if (this.state !== 'FAULT') this.#enterFault(nowMs, faults.join(', '))
    } else if (!this.#isGroupSound) return
    else if (this.state === 'INIT') {
      if (!isPending) this.#enterBackup(nowMs, 'every tracked script has ended', this.#firstWaitMs)
    } else if (this.state === 'FAULT') {
      this.#enterBackup(nowMs, 'the fault is over')
      this.companions?.follow(this, nowMs)
    }
  }

  /** A packet with this VRID, received on this interface. */
  receive(packet: VrrpPacket, nowMs: number): void {
    if (this.state === 'INIT' || this.state === 'FAULT') {
      this.#output.refuse({ reason: 'not-listening', text: `an advert in ${this.state} state` }, nowMs)
      return
    }
    const advert = checkAdvert(packet, {
      settings: this.#settings,
      ownAddresses: this.#shared.around.link(this.#settings.interface)?.addresses ?? [],
      sequence: this.#output.sequence,
      lastSource: this.#lastAdvert?.source,
    })
    if ('reason' in advert) {
      this.#output.refuse(advert, nowMs)
      return
    }
    this.#lastAdvert = { source: advert.source, priority: advert.priority, atMs: nowMs }
    this.#heard++
    if (advert.sequence !== undefined) this.#output.sequence = advert.sequence
    if (this.state === 'MASTER') this.#hearAsMaster(advert, nowMs)
    else this.#hearAsBackup(advert, nowMs)
  }

  /** Does what is due. */
  advance(nowMs: number): void {
    const { announcements, timer } = this.#own
    this.#own.announce(announcements.due(nowMs), nowMs)
    this.#own.announceElsewhere(nowMs)
    if (nowMs < timer.atMs) return
    if (this.state === 'MASTER') {
      this.#own.sendAdvert(nowMs)
      this.#own.announce(announcements.refresh(this.#settings.garp, nowMs), nowMs)
    } else if (this.companions && !this.companions.mayBecomeMaster(this)) {
      timer.set(nowMs + this.#own.downMs)
      timer.isWaitingForGroup = true
    } else {
      this.#own.enterMaster(nowMs, this.#whyNext)
      this.companions?.follow(this, nowMs)
    }
  }

  followTo(state: State, nowMs: number, reason: string): void {
    if (state === this.state || this.state === 'INIT') return
    if (state === 'MASTER') this.#own.enterMaster(nowMs, reason)
    else if (state === 'BACKUP') this.#enterBackup(nowMs, reason)
    else this.#enterFault(nowMs, reason)
  }

  /** Somebody took an address off an interface. A master that lost one starts over, after the skew time alone. */
  loseAddress(name: string, address: IpAddr, nowMs: number): void {
    const isLost = (vip: Vip): boolean => vip.isTracked && vip.interface === name && isSameIp(vip.address, address)
    if (this.state !== 'MASTER' || !this.#output.vips.some(isLost)) return
    this.#output.farewell()
    this.#enterBackup(nowMs, `address ${formatIp(address)} was removed from ${name}`, this.#own.skewMs)
    this.companions?.follow(this, nowMs)
  }

  /** The director stops, or (`FAULT`) a reload took the instance out of the configuration. */
  stop(nowMs: number, event: 'STOP' | 'FAULT'): void {
    this.#own.end(nowMs, event === 'STOP' ? 'stopped' : 'no longer configured', event)
  }

  /** A master says at once, with the values of before, that it is still there. */
  beforeReload(nowMs: number): void {
    if (this.state === 'MASTER') this.#own.sendAdvert(nowMs)
  }

  /** Takes new settings of the same interface, family and VRID; the state stays. */
  reload(settings: InstanceSettings, shared: Shared, nowMs: number): void {
    this.#shared = shared
    this.#settings = settings
    this.#isOwnerInDoubt = false
    const { addNew } = this.#own.reload(settings, shared)
    this.reconsider(nowMs)
    if (this.state === 'BACKUP') this.#own.timer.set(nowMs + this.#own.downMs)
    if (this.state === 'MASTER') addNew(nowMs)
  }

  #hearAsBackup(advert: Advert, nowMs: number): void {
    const says = (text: string): void => this.#output.log(text)
    const heard = this.#preemption.judge(this.#settings, this.#own.priority, advert, nowMs, says)
    if (heard === 'lower') {
      this.#whyNext = `only lower priorities were heard: ${advert.priority} from ${formatIp(advert.source)}`
      return
    }
    if (heard === 'master stops') {
      this.#whyNext = `${formatIp(advert.source)} stops`
      this.#own.timer.set(nowMs + this.#own.skewMs)
      return
    }
    this.#whyNext = NO_ADVERT
    this.#learnInterval(advert)
    this.#own.timer.set(nowMs + this.#own.downMs)
  }

  #hearAsMaster(advert: Advert, nowMs: number): void {
    const { garp, lowerPrioNoAdvert, higherPrioSendAdvert } = this.#settings
    if (advert.priority === VrrpPriority.STOPS) {
      this.#output.log('Master received priority 0 message')
      this.#own.sendAdvert(nowMs)
      return
    }
    if (advert.priority === VrrpPriority.OWNER && this.#own.priority === VrrpPriority.OWNER) {
      this.#output.log('CONFIGURATION ERROR: another instance is address owner too - reducing local priority')
      this.#isOwnerInDoubt = true
      this.#own.setPriority(this.#standing.priority)
    }
    const { priority } = this.#own
    const why = reasonToYield(advert, priority, this.#output.source)
    if (why !== undefined) {
      this.#output.log(`Master received ${why}`)
      if (higherPrioSendAdvert) this.#own.sendAdvert(nowMs)
      this.#learnInterval(advert)
      this.#enterBackup(nowMs, why)
      this.companions?.follow(this, nowMs)
      return
    }
    const what = `Received advert from ${formatIp(advert.source)} with lower priority ${advert.priority}, ours ${priority}`
    this.#output.log(lowerPrioNoAdvert ? what : `${what}, forcing new election`)
    if (!lowerPrioNoAdvert) {
      if (advert.sequence !== undefined) this.#output.sequence++
      this.#own.sendAdvert(nowMs)
    }
    this.#own.announce(this.#own.announcements.afterLower(garp, nowMs), nowMs)
    this.#output.notify('MASTER_RX_LOWER_PRI', priority)
  }

  #enterBackup(nowMs: number, reason: string, waitMs = this.#own.downMs): void {
    this.#preemption.forget()
    this.#whyNext = NO_ADVERT
    this.#own.enterBackup(nowMs, reason, waitMs)
  }
  #enterFault(nowMs: number, reason: string): void {
    const isOwn = this.#faults.length > 0
    this.#own.enterFault(nowMs, reason, isOwn)
    if (isOwn) this.companions?.follow(this, nowMs)
  }

  #learnInterval({ intervalMs }: Advert): void {
    const before = this.#own.timer.learn(intervalMs)
    if (before !== undefined)
      this.#output.log(`advertisement interval updated from ${before}ms to ${intervalMs}ms by master`)
  }

  get #output(): InstanceOutput {
    return this.#own.output
  }
  get #standing(): TrackedState {
    const base = this.#isOwnerInDoubt ? VrrpPriority.OWNER - 1 : this.#settings.priority
    return trackedState(this.#settings, base, this.#shared.around)
  }
  get #isGroupSound(): boolean {
    return this.companions?.isSound() ?? true
  }
  /** An owner that is to start as master waits for nobody. */
  get #firstWaitMs(): number {
    return this.#settings.startsAsMaster && this.#own.priority === VrrpPriority.OWNER ? 0 : this.#own.downMs
  }
}
