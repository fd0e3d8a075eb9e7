import { setTimeout as sleep } from 'node:timers/promises'
import type { EtcdClient } from '../../etcd/etcd-client.js'
import type { KeyValue } from '../../etcd/key-value.js'

export interface PublisherOf {
  readonly etcd: Pick<EtcdClient, 'grantLease' | 'renewLease' | 'revokeLease' | 'get' | 'txn'>
  readonly key: string
  /** The value as of now. */
  value(): Promise<string>
  tell(line: string): void
}

/** A director that is gone is no longer listed after so long, seconds. */
const TTL_S = 15
const RENEW_MS = 5_000
/** How often what changes by itself, load, is published; in renewals. */
const VALUE_EVERY = 3
/** Changes that come together are published together. */
const GATHER_MS = 50
/** How long to wait for etcd when the director stops. */
const CLOSE_MS = 1_000

/** Keeps a key under a lease as long as it lives: a key of a director that is killed goes with the lease. */
export class StatePublisher {
  readonly #of: PublisherOf
  #lease: string | undefined
  /** With which the key was last written. */
  #written: string | undefined
  /** That another director has its name was told. */
  #isSharedTold = false
  #timer: NodeJS.Timeout | undefined
  #renewAt = 0
  #round = 0
  #isDue = true
  #isRunning = false
  #isGathering = false
  #isClosed = false
  #isTold = false
  #lastContact: number | undefined

  constructor(of: PublisherOf) {
    this.#of = of
    void this.#run()
  }

  /** When the lease was last renewed, in seconds since 1970; undefined: never. */
  get lastContact(): number | undefined {
    return this.#lastContact
  }

  /** The value is another one. Those that follow do not put it off: neither value nor lease would be written while they come. */
  changed(): void {
    this.#isDue = true
    if (this.#isRunning || this.#isGathering) return
    this.#isGathering = true
    this.#later(GATHER_MS)
  }

  /** Takes the key away, if etcd answers soon. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    if (this.#lease === undefined) return
    const revoked = this.#of.etcd.revokeLease(this.#lease).catch(() => {})
    await Promise.race([revoked, sleep(CLOSE_MS, undefined, { ref: false })])
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    this.#isGathering = false
    try {
      await this.#publish()
      this.#isTold = false
    } catch (error) {
      this.#isDue = true
      if (!this.#isTold && !this.#isClosed)
        this.#of.tell(`etcd: this director is not listed: ${(error as Error).message}`)
      this.#isTold = true
    }
    this.#isRunning = false
    const next = this.#isTold ? RENEW_MS : Math.max(0, this.#renewAt - performance.now())
    this.#later(this.#isDue && !this.#isTold ? GATHER_MS : next)
  }

  /** A change is one request: rules may change several times a second, and the lease is renewed when it is time. */
  async #publish(): Promise<void> {
    let isRenewed = false
    if (this.#lease === undefined || performance.now() >= this.#renewAt) {
      await this.#renew()
      isRenewed = true
    }
    if (!this.#isDue) return
    try {
      await this.#put()
    } catch (error) {
      // The lease may have gone, as where etcd was set up anew.
      if (isRenewed) throw error
      await this.#renew()
      await this.#put()
    }
  }

  async #renew(): Promise<void> {
    const { etcd, key } = this.#of
    if (this.#lease !== undefined && (await etcd.renewLease(this.#lease)) === 0) this.#lease = undefined
    if (this.#lease === undefined) {
      this.#lease = (await etcd.grantLease(TTL_S)).id
      this.#isDue = true
    }
    this.#renewAt = performance.now() + RENEW_MS
    this.#lastContact = Date.now() / 1000
    if (++this.#round % VALUE_EVERY === 0) this.#isDue = true
    if (this.#written === this.#lease) this.#lookForAnother(await etcd.get(key))
  }

  async #put(): Promise<void> {
    const { etcd, key } = this.#of
    const lease = this.#lease!
    this.#isDue = false
    const put = { key, value: await this.#of.value(), lease }
    const { results } = await etcd.txn({ compare: [], success: [{ range: { key } }, { put }] })
    if (this.#written === lease) this.#lookForAnother(results[0]?.kvs[0], true)
    this.#written = lease
  }

  /** Whoever has written the key since goes by the same name. What was there before may be of this director's last run. */
  #lookForAnother(found: KeyValue | undefined, isPutSince = false): void {
    if (found?.lease === this.#written) return
    if (!isPutSince) this.#isDue = true
    if (found === undefined || this.#isSharedTold) return
    const { key, tell } = this.#of
    this.#isSharedTold = true
    tell(`etcd: another director writes ${key} too: give each an --etcd-name of its own`)
  }

  #later(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#isClosed) return
    this.#timer = setTimeout(() => void this.#run(), ms)
    this.#timer.unref()
  }
}
