import type { EtcdClient } from '../../etcd/etcd-client.js'
import { EtcdError } from '../../etcd/etcd-error.js'
import type { KeyValue, RawKey } from '../../etcd/key-value.js'
import type { Compare, TxnOp } from '../../etcd/txn.js'
import {
  type Condition,
  type FleetStore,
  REVISION,
  RULES,
  SERVICES,
  type Snapshot,
  type StoredKey,
  type Write,
  type Written,
} from './fleet-store.js'

/**
 * Operations of a transaction within a transaction. Three of them, one in the other, hold 4096; an etcd counts each list by
 * itself, and with what is around it: 3 · 16 of --max-txn-ops, 128 by default. Tried with etcd 3.4.23.
 */
const NESTED = 16
/** Keys named of those that were written meanwhile; one more says that there are more. */
const NAMED = 4
/** Notes read back, one by one. */
const NOTES_MAX = 10_000

/** A fleet's prefix in etcd, `/uvs/site1/` with the slash at its end. */
export class EtcdStore implements FleetStore {
  readonly #etcd: EtcdClient
  readonly #prefix: string
  /** Keys that are no UTF-8, by the text that they were read as: somebody's rubbish, which can be deleted all the same. */
  readonly #odd = new Map<string, RawKey[]>()

  constructor(etcd: EtcdClient, prefix: string) {
    this.#etcd = etcd
    this.#prefix = prefix
  }

  read(): Promise<Snapshot> {
    return this.#read(false)
  }
  readKeys(): Promise<Snapshot> {
    return this.#read(true)
  }
  /** All as of one revision. */
  async #read(keysOnly: boolean): Promise<Snapshot> {
    const { revision, kvs } = await this.#etcd.range({ prefix: this.#prefix + SERVICES }, { keysOnly })
    const rules = await this.#etcd.range({ key: this.#prefix + RULES }, { revision, keysOnly })
    const note = await this.#etcd.range({ key: this.#prefix + REVISION }, { revision })
    const keys = [...rules.kvs, ...kvs].map(kv => this.#stored(kv))
    return { revision, keys, note: note.kvs[0] && this.#stored(note.kvs[0]) }
  }

  async count(revision: number): Promise<number> {
    const services = await this.#etcd.count({ prefix: this.#prefix + SERVICES }, revision)
    return services + (await this.#etcd.count({ key: this.#prefix + RULES }, revision))
  }

  async list(prefix: string): Promise<StoredKey[]> {
    const { kvs } = await this.#etcd.range({ prefix: this.#prefix + prefix })
    return kvs.map(kv => this.#stored(kv))
  }

  async get(key: string): Promise<StoredKey | undefined> {
    const found = await this.#etcd.get(this.#prefix + key)
    return found && this.#stored(found)
  }

  async write({ conditions, puts, deletes }: Write): Promise<Written> {
    const operations: TxnOp[] = [
      ...puts.map(({ key, value }) => ({ put: { key: this.#prefix + key, value } })),
      ...deletes.flatMap(key => this.#deletions(key)),
    ]
    const failure = [
      { range: { key: this.#prefix + REVISION } },
      ...conditions.map(condition => this.#since(condition)),
    ]
    const { succeeded, revision, results } = await this.#etcd.txn({
      compare: conditions.map(condition => this.#compare(condition)),
      success: nested(operations),
      failure,
    })
    if (succeeded) return { done: true, revision }
    const [note, ...others] = results.map(({ kvs }) => kvs.map(kv => this.#stored(kv)))
    return { done: false, keys: others.flat().map(({ key }) => key), note: note?.[0] }
  }

  /** Goes back from one to the one before. */
  async notesAfter(revision: number): Promise<StoredKey[] | undefined> {
    const notes: StoredKey[] = []
    let found = await this.get(REVISION)
    try {
      while (found && found.modRevision > revision && notes.length < NOTES_MAX) {
        notes.push(found)
        const before = { revision: found.modRevision - 1 }
        const [kv] = (await this.#etcd.range({ key: this.#prefix + REVISION }, before)).kvs
        found = kv && this.#stored(kv)
      }
      return notes
    } catch (error) {
      if (error instanceof EtcdError && error.kind === 'compacted') return undefined
      throw error
    }
  }

  #deletions(key: string): TxnOp[] {
    const odd = this.#odd.get(key)
    return odd ? odd.map(raw => ({ delete: raw })) : [{ delete: { key: this.#prefix + key } }]
  }
  #compare(condition: Condition): Compare {
    if ('key' in condition) return { key: this.#prefix + condition.key, modRevision: condition.modRevision }
    return { prefix: this.#prefix + condition.prefix, notAfter: condition.notAfter }
  }
  /** Those that were written since, as an answer to a condition that does not hold. */
  #since(condition: Condition): TxnOp {
    const few = { limit: NAMED, keysOnly: true }
    if ('key' in condition)
      return { range: { key: this.#prefix + condition.key }, after: condition.modRevision, ...few }
    return { range: { prefix: this.#prefix + condition.prefix }, after: condition.notAfter, ...few }
  }
  #stored({ key, raw, value, modRevision }: KeyValue): StoredKey {
    const below = key.slice(this.#prefix.length)
    const known = this.#odd.get(below) ?? []
    if (raw !== undefined && !known.some(each => each.raw === raw)) this.#odd.set(below, [...known, { raw }])
    return { key: below, value, modRevision }
  }
}

/** No list of more than NESTED. */
function nested(operations: readonly TxnOp[]): readonly TxnOp[] {
  if (operations.length <= NESTED) return operations
  const lists: TxnOp[] = []
  for (let at = 0; at < operations.length; at += NESTED) lists.push({ txn: operations.slice(at, at + NESTED) })
  return nested(lists)
}
