import { printable } from '../../control/protocol/printable.js'
import { type Conflict, newestOf, REVISION, type Snapshot } from './fleet-store.js'
import { noteWords, readNote, type WriteNote } from './write-note.js'

/** Keys named in a message. */
const NAMED = 3
/** Characters of a key in a message. */
const KEY_SHOWN = 80

/** Somebody else wrote meanwhile. The message is one line: who, and which keys. */
export class Raced extends Error {}

/** `sent`: parts that were written before; then the other one goes on from there. */
export function raced({ keys, note }: Conflict, sent = 0): Raced {
  const who = noteWords(noteOf(note?.value))
  if (sent > 0)
    return new Raced(
      `${who} took over after ${sent} transactions of this write: what the prefix holds is by that writer`,
    )
  return new Raced(`${who} wrote ${named(keys)} meanwhile: nothing was written`)
}

/** Refuses what was planned at a revision that is not the last any more. */
export function writtenSince(snapshot: Snapshot, at: number): Raced {
  const keys = snapshot.keys.filter(({ modRevision }) => modRevision > at).map(({ key }) => key)
  const who = noteWords(noteOf(snapshot.note?.value))
  return new Raced(`${who} wrote ${named(keys)} since revision ${at} (now ${newestOf(snapshot)}): nothing was written`)
}

/** A key as a message may show it: a terminal would obey control characters. */
export function keyShown(key: string): string {
  const text = printable(key)
  return text.length > KEY_SHOWN ? `${text.slice(0, KEY_SHOWN)}…` : text
}

function named(keys: readonly string[]): string {
  const others = keys.filter(key => key !== REVISION)
  if (others.length === 0) return 'rules'
  const more = others.length > NAMED ? ' and more' : ''
  return others.slice(0, NAMED).map(keyShown).join(', ') + more
}

function noteOf(value: string | undefined): WriteNote | undefined {
  return value === undefined ? undefined : readNote(value)
}
