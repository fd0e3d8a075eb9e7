import { EtcdError } from './etcd-error.js'
import { Gateway, type EtcdOptions } from './gateway.js'
import { isTooLarge } from './grpc-status.js'
import { readFirstMessage } from './message-stream.js'
import {
  fieldsAfter,
  keyValuesOf,
  numberOf,
  rangeFields,
  revisionOf,
  type KeyRange,
  type KeyValue,
} from './key-value.js'
import { putFields, txnBody, txnResult, type Txn, type TxnResult } from './txn.js'
import { Watch, type WatchEvents } from './watch.js'

export interface RangeResult {
  /** Of the store, when it was read. */
  readonly revision: number
  readonly kvs: readonly KeyValue[]
}

/** Keys of one answer. */
const PAGE = 1000

/**
 * etcd, version 3. Every call fails with an EtcdError, whose message is a line for the user, when no endpoint answers within its
 * time. Reads go on at the next endpoint; so does a change only where it cannot have been carried out.
 */
export class EtcdClient {
  readonly #gateway: Gateway

  constructor(options: EtcdOptions) {
    this.#gateway = new Gateway(options)
  }

  /**
   * All keys of the range, sorted, as of one revision, `revision` or now; in pages. EtcdError, compacted, if the revision is gone.
   */
  async range(
    range: KeyRange,
    { revision, keysOnly = false }: { revision?: number; keysOnly?: boolean } = {},
  ): Promise<RangeResult> {
    const kvs: KeyValue[] = []
    let asOf = revision
    let limit = PAGE
    for (;;) {
      const last = kvs.at(-1)
      const fields = last && 'prefix' in range ? fieldsAfter(range, last.key) : rangeFields(range)
      const body = {
        ...fields,
        limit: String(limit),
        keys_only: keysOnly,
        ...(asOf !== undefined && { revision: String(asOf) }),
      }
      let answer
      try {
        answer = await this.#gateway.ask('/v3/kv/range', body, { isRepeatable: true })
      } catch (error) {
        if (
          !(error instanceof EtcdError && isTooLarge({ code: error.code ?? 0, message: error.message })) ||
          limit === 1
        )
          throw error
        limit = Math.ceil(limit / 4)
        continue
      }
      asOf ??= revisionOf(answer)
      kvs.push(...keyValuesOf(answer.kvs))
      if (answer.more !== true) return { revision: asOf, kvs }
    }
  }

  /** One key; undefined if it is not there. */
  async get(key: string): Promise<KeyValue | undefined> {
    return (await this.range({ key })).kvs[0]
  }

  /** How many keys the range had as of a revision. EtcdError, compacted, if that is gone. */
  async count(range: KeyRange, revision: number): Promise<number> {
    const body = { ...rangeFields(range), revision: String(revision), count_only: true }
    return numberOf((await this.#gateway.ask('/v3/kv/range', body, { isRepeatable: true })).count, 'count')
  }

  /** Returns the store's revision with it. */
  async put(key: string, value: string, { lease }: { lease?: string } = {}): Promise<number> {
    const fields = putFields({ key, value, ...(lease !== undefined && { lease }) })
    return revisionOf(await this.#gateway.ask('/v3/kv/put', fields, { isRepeatable: false }))
  }

  /** Returns how many keys it has deleted. */
  async delete(range: KeyRange): Promise<number> {
    const answer = await this.#gateway.ask('/v3/kv/deleterange', rangeFields(range), { isRepeatable: false })
    return numberOf(answer.deleted, 'deleted')
  }

  /** Compares, then does one list or the other, all at once. */
  async txn(txn: Txn): Promise<TxnResult> {
    return txnResult(await this.#gateway.ask('/v3/kv/txn', txnBody(txn), { isRepeatable: false }))
  }

  /** Keys put under it go when it ends, `ttl` seconds after it was last renewed. Returns its number, and the seconds that etcd gives it. */
  async grantLease(ttl: number): Promise<{ id: string; ttl: number }> {
    const answer = await this.#gateway.ask('/v3/lease/grant', { TTL: String(ttl) }, { isRepeatable: true })
    return { id: String(answer.ID), ttl: numberOf(answer.TTL, 'TTL') }
  }

  /** Renews a lease. Returns the seconds that it now has; 0: there is none, and its keys have gone. */
  async renewLease(id: string): Promise<number> {
    const stream = await this.#gateway.open('/v3/lease/keepalive', { ID: id })
    const { TTL } = await readFirstMessage(stream)
    return numberOf(TTL, 'TTL')
  }

  /** Ends a lease; its keys go. */
  async revokeLease(id: string): Promise<void> {
    await this.#gateway.ask('/v3/lease/revoke', { ID: id }, { isRepeatable: true })
  }

  /** Follows changes of the range from a revision on, until it is closed: see Watch. */
  watch(range: KeyRange, fromRevision: number, events: WatchEvents): Watch {
    return new Watch(this.#gateway, range, fromRevision, events)
  }

  /** Ends its connections. Watches are to be closed before. */
  close(): void {
    this.#gateway.close()
  }
}
