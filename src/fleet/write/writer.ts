import { EtcdError } from '../../etcd/etcd-error.js'
import { type Patience, patiently, writeCarefully } from './careful-write.js'
import {
  type Changes,
  type Condition,
  type Conflict,
  type FleetStore,
  newestOf,
  REVISION,
  RULES,
  SERVICES,
  type Snapshot,
  type StoredKey,
  type Written,
} from './fleet-store.js'
import { LIMITS, partsOf } from './parts.js'
import { keyShown, Raced, raced, writtenSince } from './raced.js'
import { settled } from './settled.js'
import { noteText, noteWords, readNote, type WriteNote } from './write-note.js'

/** What a writer needs besides the store. */
export interface WriterWorld extends Patience {
  /** 16 hexadecimal digits. */
  newId(): string
  /** From 0 to 1, without 1. */
  random(): number
  /** Now, as ISO 8601. */
  date(): string
  /** user@host */
  readonly by: string
  /** A line for the user about what happens meanwhile. */
  tell(line: string): void
}

export interface WriteOptions {
  /** The command, for the note. */
  readonly command: string
  /** How often to read and plan anew after somebody else wrote meanwhile. */
  readonly retries: number
  /** Nothing may have been written after this revision. */
  readonly at?: number | undefined
}

export interface Finished {
  /** Of the last write; of what is there if there was nothing to do. */
  readonly revision: number
  /** Transactions. */
  readonly parts: number
}

type Plan = (now: Snapshot) => Changes | Promise<Changes>

const NOTHING: Changes = { puts: [], deletes: [] }
/** Plans anew while its own write in parts is under way, which has to come to an end. */
const REPLANS = 20
/** How long to try to change one key: of several who try, one succeeds each time. */
const TRY_MS = 15_000
/** Between two tries at the most, by chance, so that two do not keep step. */
const PAUSE_MS = 30

/**
 * Writes to the prefix by compare-and-swap: what somebody else wrote since it was read is never overwritten unseen. Each
 * write replaces the key `revision` and expects it as it was read.
 */
export class Writer {
  readonly #store: FleetStore
  readonly #world: WriterWorld
  /** An index of LIMITS. */
  #limits = 0
  /** Keys that there are to be by the last plan. */
  #expected = 0

  constructor(store: FleetStore, world: WriterWorld) {
    this.#store = store
    this.#world = world
  }

  /**
   * Makes the prefix what `plan` wants, in one transaction if it fits; else in parts, marked unfinished until the last. `plan`
   * is asked anew after each reading. Throws Raced, with nothing written, if others were faster more than `retries` times. A key that
   * somebody deletes by hand at the same moment, which no condition shows, is put again.
   */
  async whole(plan: Plan, { command, retries, at }: WriteOptions): Promise<Finished> {
    let newest = at
    for (let left = retries, again = 0; ;) {
      const { stalled } = await settled(this.#store, this.#world, this.#world.tell)
      if (stalled) this.#world.tell(`the write of ${noteWords(stalled)} stopped half done: this one takes its place`)
      const snapshot = await patiently(() => this.#store.read(), this.#world)
      if (newest !== undefined && newestOf(snapshot) > newest) throw writtenSince(snapshot, newest)
      const written = await this.#parts(snapshot, plan, command)
      if (!('done' in written)) {
        if (written.parts === 0 || (await this.#isAllThere(written.revision))) return written
        if (again++ === REPLANS) throw new Raced('somebody deletes keys as soon as they are put')
        this.#world.tell('somebody has deleted keys meanwhile: they are put again')
        if (newest !== undefined) newest = written.revision
        continue
      }
      if (left-- <= 0) throw raced(written)
      await this.#world.wait(this.#world.random() * PAUSE_MS)
    }
  }

  /** Changes one key. `change` is given what it holds, and returns what it is to hold; undefined: it is right as it is. */
  async one(key: string, change: (value: string) => string | undefined, command: string): Promise<Finished> {
    for (const since = this.#world.now(); ;) {
      const { note, stalled } = await settled(this.#store, this.#world, this.#world.tell)
      if (stalled)
        throw new Error(`the write of ${noteWords(stalled)} stopped half done: uvs fleet apply FILE makes it whole`)
      const found = await patiently(() => this.#store.get(key), this.#world)
      if (!found) throw new Error(`there is no ${keyShown(key)}`)
      const value = change(found.value)
      if (value === undefined) return { revision: found.modRevision, parts: 0 }
      const before = note?.modRevision ?? 0
      const conditions: Condition[] = [
        { key: REVISION, modRevision: before },
        { key, modRevision: found.modRevision },
      ]
      const part = { puts: [{ key, value }], deletes: [] }
      const written = await this.#once(part, conditions, this.#note(command, 1, this.#world.newId()), before)
      if (written.done) return { revision: written.revision, parts: 1 }
      if (this.#world.now() - since >= TRY_MS) throw raced(written)
      await this.#world.wait(this.#world.random() * PAUSE_MS)
    }
  }

  /** Writes a plan. A conflict is returned while nothing is written. */
  async #parts(from: Snapshot, plan: Plan, command: string): Promise<Finished | Conflict> {
    const id = this.#world.newId()
    let left = await this.#cut(from, plan)
    if (left.length === 0) return { revision: newestOf(from), parts: 0 }
    let changes = countOf(left)
    let before = from.note?.modRevision ?? 0
    let notAfter = from.revision
    for (let sent = 0, replans = 0; ;) {
      const progress = left.length > 1 && { unfinished: { done: sent + 1, of: sent + left.length } }
      const note = { ...this.#note(command, changes, id), ...progress }
      const written = await this.#orSmaller(left[0]!, conditionsOf(before, notAfter), note, before)
      if (written === 'too-large') {
        left = partsOf(joined(left), LIMITS[this.#limits]!)
      } else if (written.done) {
        sent++
        left.shift()
        before = notAfter = written.revision
        if (left.length === 0) return { revision: written.revision, parts: sent }
      } else if (sent === 0) {
        return written
      } else {
        if (idOf(written.note) !== id || replans++ === REPLANS) throw raced(written, sent)
        const now = await patiently(() => this.#store.read(), this.#world)
        left = await this.#cut(now, plan)
        changes += countOf(left)
        before = now.note?.modRevision ?? 0
        notAfter = now.revision
      }
    }
  }

  /** What there is to write; an unfinished write is at least marked as finished. */
  async #cut(now: Snapshot, plan: Plan): Promise<Changes[]> {
    const changes = await plan(now)
    this.#expected = keysAfter(now, changes)
    const parts = partsOf(changes, LIMITS[this.#limits]!)
    const isUnfinished = now.note && readNote(now.note.value)?.unfinished
    return parts.length === 0 && isUnfinished ? [NOTHING] : parts
  }

  /** Whether no key is missing with the last part. True as well where that can no longer be seen: what was written is written. */
  async #isAllThere(revision: number): Promise<boolean> {
    try {
      return (await patiently(() => this.#store.count(revision), this.#world)) >= this.#expected
    } catch (error) {
      if (error instanceof EtcdError) return true
      throw error
    }
  }

  async #orSmaller(
    part: Changes,
    conditions: readonly Condition[],
    note: WriteNote,
    before: number,
  ): Promise<Written | 'too-large'> {
    try {
      return await this.#once(part, conditions, note, before)
    } catch (error) {
      if (!isTooLarge(error)) throw error
      if (this.#limits === LIMITS.length - 1) throw largestOf(part, error as EtcdError)
      this.#limits++
      return 'too-large'
    }
  }

  #once(part: Changes, conditions: readonly Condition[], note: WriteNote, before: number): Promise<Written> {
    const puts = [...part.puts, { key: REVISION, value: noteText(note) }]
    return writeCarefully(this.#store, { conditions, puts, deletes: part.deletes }, { note, before }, this.#world)
  }

  #note(command: string, changes: number, id: string): WriteNote {
    return { version: 1, id, by: this.#world.by, at: this.#world.date(), command, changes }
  }
}

/** No key of the rules was written since, by uvs or by hand. */
function conditionsOf(before: number, notAfter: number): Condition[] {
  return [
    { key: REVISION, modRevision: before },
    { prefix: SERVICES, notAfter },
    { prefix: RULES, notAfter },
  ]
}

function keysAfter({ keys }: Snapshot, { puts, deletes }: Changes): number {
  const after = new Set(keys.map(({ key }) => key))
  for (const { key } of puts) after.add(key)
  for (const key of deletes) after.delete(key)
  return after.size
}

/** Of one key there are no parts. */
function largestOf({ puts }: Changes, cause: EtcdError): Error {
  const sizes = puts.map(({ key, value }) => ({ key, bytes: Buffer.byteLength(value) }))
  const [largest] = sizes.toSorted((a, b) => b.bytes - a.bytes)
  if (!largest) return cause
  const { key, bytes } = largest
  return new Error(`${keyShown(key)} is of ${bytes} bytes, more than this etcd takes at once: ${cause.message}`, {
    cause,
  })
}

function countOf(parts: readonly Changes[]): number {
  return parts.reduce((sum, { puts, deletes }) => sum + puts.length + deletes.length, 0)
}
function joined(parts: readonly Changes[]): Changes {
  return { puts: parts.flatMap(({ puts }) => puts), deletes: parts.flatMap(({ deletes }) => deletes) }
}
function idOf(note: StoredKey | undefined): string | undefined {
  return note && readNote(note.value)?.id
}
/** etcd was started with smaller limits than it has by itself. */
function isTooLarge(error: unknown): boolean {
  return (
    error instanceof EtcdError && /too many operations|request is too large|message larger than max/.test(error.message)
  )
}
