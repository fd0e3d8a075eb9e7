import { setTimeout as sleep } from 'node:timers/promises'
import type { EtcdClient } from '../../etcd/etcd-client.js'

export interface PublisherOf {
  readonly etcd: Pick<EtcdClient, 'grantLease' | 'renewLease' | 'revokeLease' | 'get' | 'put'>
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
      this.#lastContact = Date.now() / 1000
      this.#isTold = false
    } catch (error) {
      this.#isDue = true
      if (!this.#isTold && !this.#isClosed)
        this.#of.tell(`etcd: this director is not listed: ${(error as Error).message}`)
      this.#isTold = true
    }
    this.#isRunning = false
    this.#later(this.#isDue && !this.#isTold ? GATHER_MS : RENEW_MS)
  }

  async #publish(): Promise<void> {
    if (this.#lease !== undefined && (await this.#of.etcd.renewLease(this.#lease)) === 0) this.#lease = undefined
    if (this.#lease === undefined) {
      this.#lease = (await this.#of.etcd.grantLease(TTL_S)).id
      this.#isDue = true
    }
    await this.#lookForAnother(this.#lease)
    if (!this.#isDue && ++this.#round % VALUE_EVERY !== 0) return
    this.#isDue = false
    await this.#of.etcd.put(this.#of.key, await this.#of.value(), { lease: this.#lease })
    this.#written = this.#lease
  }

  /** Whoever has written the key since goes by the same name. What was there before may be of this director's last run. */
  async #lookForAnother(lease: string): Promise<void> {
    if (this.#written !== lease) return
    const { etcd, key, tell } = this.#of
    const found = await etcd.get(key)
    if (found?.lease === lease) return
    this.#isDue = true
    if (found === undefined || this.#isSharedTold) return
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
