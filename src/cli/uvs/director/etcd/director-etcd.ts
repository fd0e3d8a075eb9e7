import type { FleetShown } from '../../../../control/dashboard/fleet.js'
import type { EtcdFigures } from '../../../../control/metrics/fleet-metrics.js'
import type { RulesLoads } from '../../../../control/metrics/rules-loads.js'
import type { Control } from '../../../../control/protocol/api.js'
import type { Transactions } from '../../../../control/rules/transactions.js'
import type { Director } from '../../../../director/director.js'
import { EtcdClient } from '../../../../etcd/etcd-client.js'
import { encodeState } from '../../../../fleet/publish/director-state.js'
import { StatePublisher } from '../../../../fleet/publish/state-publisher.js'
import { Follower } from '../../../../fleet/follow/follower.js'
import type { RulesUpdate } from '../../../../fleet/follow/rules-update.js'
import { EtcdStore } from '../../../../fleet/write/etcd-store.js'
import { summary } from '../../rules/format-plan.js'
import type { AppliedServices } from './applied-services.js'
import { ChangedBeside } from './changed-beside.js'
import type { DirectorEtcdOptions } from './etcd-director-options.js'
import { fleetSeen } from './fleet-seen.js'
import { LastRules } from './last-rules.js'
import { RecentLoad } from './recent-load.js'
import { RulesApplier } from './rules-applier.js'
import { stateOf } from './state-of.js'

export interface DirectorEtcdOf {
  readonly options: DirectorEtcdOptions
  readonly director: Transactions
  /** The same without transactions, for figures. */
  readonly control: Control
  readonly makeTrial: () => Director
  readonly loads: RulesLoads
  readonly tell: (line: string) => void
}

/** How often the state is published while something drains. */
const DRAINING_MS = 2_000
/** How long a start waits for etcd before it uses the last rules that were seen. */
const FIRST_MS = 5_000

/** What --etcd asks of a running director: rules by a fleet's keys, and its own state there. */
export class DirectorEtcd {
  readonly #etcd: EtcdClient
  readonly #applier: RulesApplier
  readonly #follower: Follower
  readonly #publisher: StatePublisher
  readonly #last: LastRules
  readonly #beside: ChangedBeside
  readonly #store: EtcdStore
  readonly #name: string
  #isDraining = false
  #soon: NodeJS.Timeout | undefined

  /** Has rules as soon as it returns, unless there are none to be had. */
  static async start(of: DirectorEtcdOf): Promise<DirectorEtcd> {
    const found = new DirectorEtcd(of)
    const kvs = found.#last.load()
    await found.#follower.start(kvs && { kvs, where: found.#last.path }, FIRST_MS)
    return found
  }

  private constructor({ options, director, control, makeTrial, loads, tell }: DirectorEtcdOf) {
    const { keys, name } = options
    const since = new Date().toISOString()
    this.#etcd = new EtcdClient(options.etcd)
    this.#store = new EtcdStore(this.#etcd, keys.all)
    this.#name = name
    this.#last = new LastRules(options.stateDirectory, keys, tell)
    this.#applier = new RulesApplier({ director, makeTrial, tell })
    const services = (): AppliedServices => this.#applier.services
    const changed = (): void => this.#publisher.changed()
    this.#beside = new ChangedBeside({ control, services, changed, tell })
    director.watch(this.#beside)
    this.#follower = new Follower({
      etcd: this.#etcd,
      keys,
      name,
      apply: update => this.#apply(update, loads),
      applied: update => this.#last.keep(update),
      drain: isMarked => this.#drain(isMarked, control, tell),
      changed,
      tell,
    })
    const recent = new RecentLoad(control)
    this.#publisher = new StatePublisher({
      etcd: this.#etcd,
      key: keys.director(name),
      value: async () => {
        const { status } = this.#follower
        const { found: beside } = this.#beside
        const load = await recent.get(performance.now())
        const parts = { name, since, status, services: services(), beside, load, isDraining: this.#isDraining }
        const state = await stateOf(control, parts)
        if (this.#isDraining || (state.draining?.length ?? 0) > 0) this.#publishSoon()
        return encodeState(state)
      },
      tell,
    })
  }

  /** Who is in the fleet, and who lags. EtcdError. */
  fleet(): Promise<FleetShown> {
    return fleetSeen(this.#store, this.#name)
  }

  /** For /metrics. */
  get figures(): EtcdFigures {
    const { isReachable, revision, from, refused, brokenKeys } = this.#follower.status
    const { lastContact } = this.#publisher
    const changedServices = this.#beside.found?.changed ?? 0
    const isRefused = refused !== undefined
    return { isReachable, lastContact, revision, isFromDisk: from === 'disk', isRefused, brokenKeys, changedServices }
  }

  /** Reads everything again, and undoes what was changed beside it. Returns the result as a line. */
  async reload(): Promise<string> {
    this.#applier.doubtAll()
    const late = new Promise<'late'>(resolve => setTimeout(() => resolve('late'), FIRST_MS).unref())
    if ((await Promise.race([this.#follower.reread(), late])) === 'late')
      return 'etcd does not answer: the rules stay as they are'
    const { refused, revision } = this.#follower.status
    return refused === undefined
      ? `the rules are those of etcd, revision ${revision}`
      : `nothing has changed: ${refused}`
  }

  async close(): Promise<void> {
    clearTimeout(this.#soon)
    this.#beside.close()
    await this.#follower.close()
    await this.#publisher.close()
    this.#last.close()
    this.#etcd.close()
  }

  /** Whoever waits for connections to end looks at the state. */
  #publishSoon(): void {
    clearTimeout(this.#soon)
    this.#soon = setTimeout(() => this.#publisher.changed(), DRAINING_MS)
    this.#soon.unref()
  }

  async #apply(update: RulesUpdate, loads: RulesLoads): Promise<string | undefined> {
    try {
      const committed = await this.#applier.apply(update)
      loads.record(true, Date.now() / 1000)
      return Object.keys(committed.changes).length === 0 ? undefined : summary(committed)
    } catch (error) {
      loads.record(false, Date.now() / 1000)
      throw error
    }
  }

  /** As `uvs drain --director` does, and its end. */
  #drain(isMarked: boolean, control: Control, tell: (line: string) => void): void {
    this.#isDraining = isMarked
    this.#publisher.changed()
    tell(isMarked ? 'etcd: this director is to be drained' : 'etcd: this director is to be drained no longer')
    const request = isMarked
      ? ({ op: 'drain-director', deadline: DRAIN_S } as const)
      : ({ op: 'cancel-drain' } as const)
    void control.call(request).then(reply => {
      if (reply.ok) return
      this.#isDraining = false
      this.#publisher.changed()
      tell(`etcd: ${request.op}: ${reply.message}`)
    })
  }
}

/** The longest that a marked director waits for its connections to end. */
const DRAIN_S = 3600
