import { allServices } from '../../../../control/protocol/all-services.js'
import type { Control, ServiceInfo, ServiceKey } from '../../../../control/protocol/api.js'
import { diff } from '../../../../control/rules/diff.js'
import { Shares } from '../../../../control/rules/shares.js'
import type { RulesWatch } from '../../../../control/rules/transactions.js'
import { serviceIdentity } from '../../../../fleet/fleet-rules.js'
import { keyOf } from '../../../../control/protocol/service-key.js'
import type { AppliedServices } from './applied-services.js'

export interface ChangedBesideOf {
  readonly control: Control
  /** What etcd's rules have come to. */
  services(): AppliedServices
  /** What `found` returns is another. */
  changed(): void
  tell(line: string): void
}

/** What stands beside a fleet's rules on this director. */
export interface Beside {
  /** Services of the fleet that are another here, or gone. */
  readonly changed: number
  /** Services that are not the fleet's. */
  readonly added: number
  /** One of them, a changed one if there is any. */
  readonly first: string
}

/** Changes that come together are looked at together. */
const GATHER_MS = 20
/** More services than these are read by one listing. */
const FEW = 256

/**
 * Which services of a director are not what etcd says, since somebody changed them here. Only those that somebody has changed are read and
 * compared: a change that etcd makes costs nothing but its own service's name.
 */
export class ChangedBeside implements RulesWatch {
  readonly #of: ChangedBesideOf
  readonly #changed = new Set<string>()
  readonly #added = new Map<string, ServiceKey>()
  /** To be looked at, by identity. */
  #due = new Map<string, ServiceKey>()
  #isAllDue = false
  /** Made etcd's while others, or they themselves, were read; undefined: all were. */
  #madeMeanwhile: Set<string> | undefined = new Set()
  #timer: NodeJS.Timeout | undefined
  #isLooking = false
  #isClosed = false

  constructor(of: ChangedBesideOf) {
    this.#of = of
  }

  /** Undefined: nothing. */
  get found(): Beside | undefined {
    const [first] = this.#changed.size > 0 ? this.#changed : this.#added.keys()
    return first === undefined ? undefined : { changed: this.#changed.size, added: this.#added.size, first }
  }

  changed(services: readonly ServiceKey[] | undefined): void {
    if (services?.length === 0) return
    if (!services || this.#due.size + services.length > FEW) this.#isAllDue = true
    else for (const service of services) this.#due.set(serviceIdentity(service), service)
    if (!this.#isLooking && !this.#isClosed) this.#timer ??= setTimeout(() => void this.#look(), GATHER_MS)
  }

  made(services: readonly ServiceKey[] | undefined): void {
    const before = this.#changed.size + this.#added.size
    if (services) for (const service of services) this.#forget(serviceIdentity(service))
    else this.#forgetAll()
    if (this.#changed.size + this.#added.size !== before) this.#of.changed()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  #forget(identity: string): void {
    this.#due.delete(identity)
    this.#changed.delete(identity)
    this.#added.delete(identity)
    if (this.#isLooking) this.#madeMeanwhile?.add(identity)
  }
  #forgetAll(): void {
    this.#changed.clear()
    this.#madeMeanwhile = undefined
    // Whether those that are not etcd's were ended too is not said.
    this.changed([...this.#added.values()])
  }

  async #look(): Promise<void> {
    this.#timer = undefined
    this.#isLooking = true
    try {
      while (!this.#isClosed && (this.#isAllDue || this.#due.size > 0)) {
        const due = this.#isAllDue ? undefined : this.#due
        this.#due = new Map()
        this.#isAllDue = false
        this.#madeMeanwhile = new Set()
        await (due ? this.#lookAt(due) : this.#lookAtAll())
        if (this.#isStale) this.#again(due)
      }
    } catch {
      // A director that ends answers no more.
    }
    this.#isLooking = false
  }

  /** All services were made etcd's while they were read. */
  get #isStale(): boolean {
    return this.#madeMeanwhile === undefined
  }
  #again(due: ReadonlyMap<string, ServiceKey> | undefined): void {
    if (due) for (const [identity, service] of due) this.#due.set(identity, service)
    else this.#isAllDue = true
  }

  async #lookAt(due: ReadonlyMap<string, ServiceKey>): Promise<void> {
    const { control } = this.#of
    const replies = await Promise.all([...due.values()].map(service => allServices(control, keyOf(service))))
    const before = this.#changed.size
    for (const [i, identity] of [...due.keys()].entries()) {
      const reply = replies[i]!
      // Refused for want of the service: it is gone.
      if (reply.ok || reply.refusal === 'ESRCH') this.#compare(identity, reply.ok ? reply.value[0] : undefined)
    }
    this.#tell(before)
  }
  async #lookAtAll(): Promise<void> {
    const reply = await allServices(this.#of.control)
    if (!reply.ok) return
    const before = this.#changed.size
    const there = new Map(reply.value.map(service => [serviceIdentity(service), service]))
    const wanted = [...this.#of.services().values()].map(serviceIdentity)
    const shares = new Shares()
    for (const identity of new Set([...this.#changed, ...this.#added.keys(), ...wanted, ...there.keys()])) {
      this.#compare(identity, there.get(identity))
      if (shares.isOver) await shares.next()
    }
    this.#tell(before)
  }

  #compare(identity: string, there: ServiceInfo | undefined): void {
    // What was read may be from before.
    if (!this.#madeMeanwhile || this.#madeMeanwhile.has(identity)) return
    const wanted = this.#of.services().get(identity)
    const isChanged = wanted !== undefined && (!there || diff([there], [wanted]).length > 0)
    if (isChanged) this.#changed.add(identity)
    else this.#changed.delete(identity)
    if (!wanted && there) this.#added.set(identity, keyOf(there))
    else this.#added.delete(identity)
  }

  #tell(before: number): void {
    const { found } = this
    if (before === 0 && found && found.changed > 0)
      this.#of.tell(`etcd: ${besideText(found)}: it stands until that changes in etcd, or until SIGHUP`)
    this.#of.changed()
  }
}

/** `tcp 10.0.0.1:80 was changed beside it` */
function besideText({ changed, first }: Beside): string {
  return changed === 1 ? `${first} was changed beside it` : `${changed} services, ${first} among them, were changed beside it` // prettier-ignore
}
