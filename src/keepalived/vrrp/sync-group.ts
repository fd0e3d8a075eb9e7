import type { NotifyEvent, Outbox, State } from './action.js'
import type { Companions, Member } from './companions.js'

/** Instances that change state together: all of them are master, or none is. */
export class SyncGroup implements Companions {
  readonly name: string
  readonly members: readonly Member[]
  readonly #outbox: Outbox
  #state: State = 'INIT'

  constructor(name: string, members: readonly Member[], outbox: Outbox) {
    this.name = name
    this.members = members
    this.#outbox = outbox
  }

  get state(): State {
    return this.#state
  }

  mayBecomeMaster(asker: Member): boolean {
    return this.members.every(member => member === asker || member.isReadyForMaster)
  }
  isSound(): boolean {
    return this.members.every(member => member.faults.length === 0)
  }
  follow(leader: Member, nowMs: number): void {
    const { state } = leader
    const others = this.members.filter(member => member !== leader && member.state !== state)
    if (others.length > 0) this.#outbox.log(`VRRP_Group(${this.name}) Syncing instances to ${state} state`)
    for (const member of others) member.followTo(state, nowMs, `${leader.name} in its sync group: ${leader.reason}`)
    this.settle()
  }

  /** Tells of a state that all members have come to. */
  settle(): void {
    const [first] = this.members
    if (!first || first.state === this.#state || first.state === 'INIT') return
    if (this.members.some(member => member.state !== first.state)) return
    this.#state = first.state
    this.#notify(first.state)
  }
  stop(): void {
    this.#state = 'INIT'
    this.#notify('STOP')
  }
  /** The group before a reload: its state is no news. */
  inherit(before: SyncGroup): void {
    this.#state = before.#state
  }

  /** keepalived 2.2 says priority 0 of a group. */
  #notify(event: NotifyEvent): void {
    this.#outbox.put({ kind: 'notify', of: 'GROUP', name: this.name, event, priority: 0 })
  }
}
