import { EtcdError } from '../../etcd/etcd-error.js'
import type { FleetStore, Write, Written } from './fleet-store.js'
import { readNote, type WriteNote } from './write-note.js'

/** How long to go on when etcd cannot be reached or has no leader: an election takes one or two seconds. */
const PATIENCE_MS = 15_000
const AGAIN_MS = 250

/** Time, for whoever waits. */
export interface Patience {
  /** Milliseconds, monotonic. */
  now(): number
  wait(ms: number): Promise<void>
}

/** Asks again while etcd cannot be reached. For what may be done twice. Throws EtcdError. */
export async function patiently<T>(ask: () => Promise<T>, { now, wait }: Patience): Promise<T> {
  const since = now()
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!isPassing(error) || now() - since >= PATIENCE_MS) throw error
      await wait(AGAIN_MS)
    }
  }
}

/**
 * Carries out a write whose answer may be lost, once. It is asked for again, which does no harm: its conditions no longer
 * hold once it is done. Then the notes tell whether it was this one. `before`: the note's revision that it expects.
 */
export async function writeCarefully(
  store: FleetStore,
  write: Write,
  { note, before }: { note: WriteNote; before: number },
  patience: Patience,
): Promise<Written> {
  const since = patience.now()
  let mayBeDone = false
  for (;;) {
    try {
      const written = await store.write(write)
      if (written.done || !mayBeDone) return written
      return (await ownWrite(store, note, before, patience)) ?? written
    } catch (error) {
      if (!isPassing(error)) throw mayBeDone && error instanceof EtcdError ? inDoubt(error) : error
      mayBeDone ||= error.mayBeDone
      if (patience.now() - since >= PATIENCE_MS) throw mayBeDone ? inDoubt(error) : error
      await patience.wait(AGAIN_MS)
    }
  }
}

/** What was written under this note, if it was. */
async function ownWrite(
  store: FleetStore,
  note: WriteNote,
  before: number,
  patience: Patience,
): Promise<Written | undefined> {
  const notes = await patiently(() => store.notesAfter(before), patience)
  if (!notes) throw new Error('etcd has forgotten whether this was written: look with uvs fleet show')
  const own = notes.find(({ value }) => readNote(value)?.id === note.id)
  return own && { done: true, revision: own.modRevision }
}

function inDoubt(cause: EtcdError): Error {
  return new Error(`${cause.message}; it may have been written: look with uvs fleet show`, { cause })
}

/** It may be another answer soon. */
export function isPassing(error: unknown): error is EtcdError {
  return error instanceof EtcdError && error.kind === 'unreachable' && !error.lasts
}
