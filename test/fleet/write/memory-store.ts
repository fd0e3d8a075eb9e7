import { EtcdError } from '../../../src/etcd/etcd-error.js'
import {
  type Condition,
  type FleetStore,
  REVISION,
  RULES,
  SERVICES,
  type StoredKey,
  type Write,
} from '../../../src/fleet/write/fleet-store.js'

/** A prefix in memory that behaves as etcd does. `limit`: operations that it takes in a transaction. */
export class MemoryStore implements FleetStore {
  readonly held = new Map<string, StoredKey>()
  readonly #notes: StoredKey[] = []
  revision = 1
  /** Called before each write is looked at: what somebody else does meanwhile. */
  meanwhile: (write: Write, count: number) => void = () => {}
  /** What becomes of a write's answer: 'lost' is done all the same, 'unreachable' is not done. */
  fate: (count: number) => 'answered' | 'lost' | 'unreachable' | 'untrusted' = () => 'answered'
  limit = Infinity
  writes = 0

  async read() {
    await turn()
    const keys = [...this.held.values()]
      .filter(({ key }) => key.startsWith(SERVICES) || key === RULES)
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    return { revision: this.revision, keys, note: this.held.get(REVISION) }
  }
  async readKeys() {
    const { keys, ...rest } = await this.read()
    return { ...rest, keys: keys.map(each => ({ ...each, value: '' })) }
  }
  async count(revision: number) {
    if (revision !== this.revision) throw new EtcdError('compacted', 'it is gone')
    return (await this.read()).keys.length
  }
  async list(prefix: string) {
    return [...this.held.values()].filter(({ key }) => key.startsWith(prefix))
  }
  async get(key: string) {
    await turn()
    return this.held.get(key)
  }
  async notesAfter(revision: number) {
    return this.#notes.filter(({ modRevision }) => modRevision > revision).toReversed()
  }
  async write(write: Write) {
    await turn()
    const count = ++this.writes
    const fate = this.fate(count)
    if (fate === 'unreachable') throw new EtcdError('unreachable', 'http://h:1: ECONNREFUSED')
    if (fate === 'untrusted')
      throw new EtcdError('unreachable', 'http://h:2: its certificate is not trusted', { lasts: true })
    this.meanwhile(write, count)
    if (write.puts.length + write.deletes.length > this.limit)
      throw new EtcdError('refused', 'http://h:1: too many operations in txn request', { code: 3 })
    const written = this.#carryOut(write)
    if (fate === 'lost') throw new EtcdError('unreachable', 'http://h:1: socket hang up', { mayBeDone: true })
    return written
  }

  /** By hand, as with etcdctl. */
  put(...puts: [key: string, value: string][]): void {
    this.revision++
    for (const [key, value] of puts) {
      const stored = { key, value, modRevision: this.revision }
      this.held.set(key, stored)
      if (key === REVISION) this.#notes.push(stored)
    }
  }

  #carryOut({ conditions, puts, deletes }: Write) {
    if (!conditions.every(condition => this.#holds(condition))) {
      const since = Math.max(0, ...conditions.map(condition => ('prefix' in condition ? condition.notAfter : 0)))
      const keys = [...this.held.values()].filter(({ modRevision }) => modRevision > since).map(({ key }) => key)
      return { done: false as const, keys, note: this.held.get(REVISION) }
    }
    this.put(...puts.map(({ key, value }): [string, string] => [key, value]))
    for (const key of deletes) this.held.delete(key)
    return { done: true as const, revision: this.revision }
  }
  #holds(condition: Condition): boolean {
    if ('key' in condition) return (this.held.get(condition.key)?.modRevision ?? 0) === condition.modRevision
    const under = [...this.held.values()].filter(({ key }) => key.startsWith(condition.prefix))
    return under.every(({ modRevision }) => modRevision <= condition.notAfter)
  }
}

function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
