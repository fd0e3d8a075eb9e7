/* What writing to a fleet's prefix needs of etcd. Keys are those below the prefix, such as `services/tcp:10.0.0.1:80`. */

/** Where services have their keys, and the one key in ipvsadm-save form. */
export const SERVICES = 'services/'
export const RULES = 'rules'
/** What tells of the last write: write-note.ts. */
export const REVISION = 'revision'
/** States that directors publish, and directors that are to be drained. */
export const DIRECTORS = 'directors/'
export const DRAINED_DIRECTORS = 'drain/directors/'

export interface StoredKey {
  readonly key: string
  readonly value: string
  /** etcd's revision as of the last write of this key. */
  readonly modRevision: number
}

/** What the prefix held at one revision. */
export interface Snapshot {
  readonly revision: number
  /** Those of services, and `rules`, in the order of their names. */
  readonly keys: readonly StoredKey[]
  /** `revision`, whatever it holds. */
  readonly note: StoredKey | undefined
}

export interface Put {
  readonly key: string
  readonly value: string
}

/** Puts first, so that whoever looks meanwhile misses nothing. */
export interface Changes {
  readonly puts: readonly Put[]
  readonly deletes: readonly string[]
}

export type Condition =
  /** The key was last written at this revision; 0: it is not there. */
  | { readonly key: string; readonly modRevision: number }
  /** No key that begins so was written after this revision. */
  | { readonly prefix: string; readonly notAfter: number }

/** One transaction: all of it, or nothing if a condition does not hold. */
export interface Write extends Changes {
  readonly conditions: readonly Condition[]
}

export type Written = { readonly done: true; readonly revision: number } | Conflict

/** A condition did not hold: nothing was written. */
export interface Conflict {
  readonly done: false
  /** A few of the keys that were written since. */
  readonly keys: readonly string[]
  /** `revision` as it is now. */
  readonly note: StoredKey | undefined
}

/** Methods throw EtcdError. */
export interface FleetStore {
  read(): Promise<Snapshot>
  /** As `read`, but that values of keys are empty. */
  readKeys(): Promise<Snapshot>
  /** How many keys of services there were as of a revision, and whether there was `rules`: 1 more. */
  count(revision: number): Promise<number>
  /** The keys that begin so. */
  list(prefix: string): Promise<StoredKey[]>
  /** What one key holds now. */
  get(key: string): Promise<StoredKey | undefined>
  write(write: Write): Promise<Written>
  /** What `revision` held after this revision of its own, the newest first; undefined if etcd has forgotten it. */
  notesAfter(revision: number): Promise<StoredKey[] | undefined>
}

/** The last write that the snapshot shows: what `--at` takes. A key that was deleted by hand is not seen. */
export function newestOf({ keys, note }: Snapshot): number {
  return keys.reduce((newest, { modRevision }) => Math.max(newest, modRevision), note?.modRevision ?? 0)
}
