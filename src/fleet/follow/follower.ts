import { setTimeout as sleep } from 'node:timers/promises'
import type { EtcdClient } from '../../etcd/etcd-client.js'
import { EtcdError } from '../../etcd/etcd-error.js'
import type { KeyValue } from '../../etcd/key-value.js'
import type { Watch, WatchEvent } from '../../etcd/watch.js'
import type { FleetKeys } from '../fleet-keys.js'
import type { FleetKv } from '../fleet-rules.js'
import { KeyError } from '../key-error.js'
import { RuleKeys } from './rule-keys.js'
import type { RulesUpdate } from './rules-update.js'

export interface FollowerOf {
  readonly etcd: Pick<EtcdClient, 'range' | 'watch'>
  readonly keys: FleetKeys
  /** The director's, for its drain mark. */
  readonly name: string
  /** Makes the rules so. Returns what has changed as a line, undefined for nothing; rejects, and nothing has changed. */
  apply(update: RulesUpdate): Promise<string | undefined>
  /** It is what the rules are now. */
  applied(update: RulesUpdate): void
  /** The drain mark of this director has come or gone. */
  drain(isMarked: boolean): void
  /** `status` is another one. */
  changed(): void
  tell(line: string): void
}

export interface FollowerStatus {
  /** Of the rules that the director has. */
  revision: number
  from: 'etcd' | 'disk' | 'none'
  /** Why what etcd holds is not what the director has; undefined: it is. */
  refused: string | undefined
  /** At least so many keys hold what cannot be used. */
  brokenKeys: number
  /** etcd has answered last. */
  isReachable: boolean
}

/** Changes that come together are made together. */
const GATHER_MS = 5
const FIRST_RETRY_MS = 200
const LAST_RETRY_MS = 3_000

/**
 * Keeps rules equal to what the keys of a prefix say: reads them, watches them, and has what changed applied, all that is known at a
 * time as one. What cannot be used is told and left; the last good rules stay.
 */
export class Follower {
  readonly status: FollowerStatus = {
    revision: 0,
    from: 'none',
    refused: undefined,
    brokenKeys: 0,
    isReachable: false,
  }
  readonly #of: FollowerOf
  readonly #known: RuleKeys
  #watch: Watch | undefined
  #isClosed = false
  #isMarked = false
  #reading: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  /** One application at a time. */
  #applying: Promise<void> = Promise.resolve()
  /** etcd has answered for the first time, or could not be reached. */
  #asked = (): void => {}
  readonly #firstAsked = new Promise<void>(resolve => (this.#asked = resolve))

  constructor(of: FollowerOf) {
    this.#of = of
    this.#known = new RuleKeys(of.keys)
  }

  /** Begins. Waits for the first rules for so long; if there are none by then, `last` are used, those of an earlier run. */
  async start(last: { kvs: readonly FleetKv[]; where: string } | undefined, waitMs: number): Promise<void> {
    void this.reread()
    await Promise.race([this.#firstAsked, sleep(waitMs, undefined, { ref: false })])
    // What has been read is being applied.
    await this.#applying
    if (last) await this.#alone(() => this.#useLast(last))
    if (this.status.from === 'none')
      this.#of.tell(
        'etcd: no rules could be had from there, and none of an earlier run are kept: nothing is served yet',
      )
  }

  /** Reads everything again. Resolves when it is applied or refused; while etcd is unreachable it goes on trying. */
  reread(): Promise<void> {
    this.#reading ??= this.#readAll().finally(() => (this.#reading = undefined))
    return this.#reading
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#watch?.close()
    clearTimeout(this.#timer)
    await this.#applying
  }

  async #readAll(): Promise<void> {
    this.#watch?.close()
    this.#watch = undefined
    for (let waitMs = FIRST_RETRY_MS; !this.#isClosed; waitMs = Math.min(2 * waitMs, LAST_RETRY_MS)) {
      try {
        const { revision, kvs } = await this.#of.etcd.range({ prefix: this.#of.keys.all })
        if (this.#isClosed) return
        this.#follow(kvs, revision)
        const used = this.#alone(() => this.#use())
        this.#asked()
        return await used
      } catch (error) {
        if (!(error instanceof EtcdError)) throw error
        if (!this.#isClosed) this.#unreachable(error)
      }
      await sleep(waitMs, undefined, { ref: false })
    }
  }

  #follow(kvs: readonly KeyValue[], revision: number): void {
    this.#reachable()
    this.#known.replace(kvs)
    this.#mark(kvs.some(({ key }) => key === this.#of.keys.drainedDirector(this.#of.name)))
    this.#watch = this.#of.etcd.watch({ prefix: this.#of.keys.all }, revision + 1, {
      changed: events => this.#take(events),
      // What was restored from a copy meanwhile may have other contents under revisions that we know.
      resumed: () => void this.reread(),
      compacted: () => void this.reread(),
      lost: why => this.#unreachable(why),
    })
  }

  #take(events: readonly WatchEvent[]): void {
    const mark = this.#of.keys.drainedDirector(this.#of.name)
    for (const event of events) {
      if ('put' in event && event.put.key === mark) this.#mark(true)
      if ('deleted' in event && event.deleted === mark) this.#mark(false)
    }
    if (!this.#known.take(events)) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.#alone(() => this.#use())
    }, GATHER_MS)
  }

  /** Never rejects: `job` does not. */
  #alone(job: () => Promise<void>): Promise<void> {
    this.#applying = this.#applying.then(() => (this.#isClosed ? undefined : job()))
    return this.#applying
  }

  /** Applies what is known now. */
  async #use(): Promise<void> {
    const { revision, errors } = this.#known
    const why = whyNot(this.#known, this.#of.keys)
    if (why !== undefined) return this.#refuse(why, errors.length)
    const update = this.#known.update()
    if (!(await this.#apply(update, revision, 'etcd'))) this.#known.takeBack(update)
  }

  async #useLast({ kvs, where }: { kvs: readonly FleetKv[]; where: string }): Promise<void> {
    if (this.status.from !== 'none') return
    const kept = new RuleKeys(this.#of.keys)
    kept.replace(kvs)
    const { revision } = kept
    const isGood = kept.errors.length === 0 && (await this.#apply(kept.update(), revision, 'disk'))
    if (isGood) this.#of.tell(`etcd: the last rules that were seen are used, of revision ${revision} (${where})`)
    else this.#of.tell(`etcd: the last rules that were seen cannot be used (${where})`)
  }

  async #apply(update: RulesUpdate, revision: number, from: 'etcd' | 'disk'): Promise<boolean> {
    try {
      const line = await this.#of.apply(update)
      const said =
        line ?? (this.status.refused === undefined ? undefined : 'nothing to do, and nothing is refused any more')
      if (said !== undefined && from === 'etcd') this.#of.tell(`etcd: revision ${revision}: ${said}`)
      Object.assign(this.status, { revision, from, refused: undefined, brokenKeys: 0 })
      if (from === 'etcd') this.#of.applied(update)
      this.#of.changed()
      return true
    } catch (error) {
      this.#refuse((error as Error).message, error instanceof KeyError ? 1 + error.others : 0)
      return false
    }
  }

  #refuse(why: string, brokenKeys: number): void {
    this.status.brokenKeys = brokenKeys
    if (this.status.refused === why) return
    this.status.refused = why
    this.#of.tell(`etcd: ${why}: the last good rules stay`)
    this.#of.changed()
  }

  #unreachable(why: EtcdError): void {
    this.#asked()
    if (!this.status.isReachable && this.#isToldLost) return
    this.status.isReachable = false
    this.#isToldLost = true
    this.#of.tell(`etcd: ${why.message}: the rules stay as they are`)
  }
  #isToldLost = false
  #reachable(): void {
    if (this.#isToldLost) this.#of.tell('etcd: it answers again')
    this.#isToldLost = false
    this.status.isReachable = true
  }

  #mark(isMarked: boolean): void {
    if (this.#isMarked === isMarked) return
    this.#isMarked = isMarked
    this.#of.drain(isMarked)
  }
}

/** Why these are no rules to be used now. */
function whyNot({ isEmpty, isUnfinished, errors }: RuleKeys, keys: FleetKeys): string | undefined {
  if (isUnfinished) return `${keys.revision}: a change is not finished yet`
  const [first, ...more] = errors
  if (first)
    return more.length === 0
      ? first.message
      : `${first.message} (and ${more.length} more ${more.length === 1 ? 'key' : 'keys'})`
  if (!isEmpty) return undefined
  return `${keys.all} holds no rules, which is taken for a mishap (an empty ${keys.rules} ends them)`
}
