import { type Patience, patiently } from './careful-write.js'
import { type FleetStore, REVISION, type StoredKey } from './fleet-store.js'
import { noteWords, readNote, type WriteNote } from './write-note.js'

/** A write in parts that does not get on for so long was given up: the longest part takes a second. */
const STALLED_MS = 10_000
const LOOK_EVERY_MS = 250

/**
 * Returns `revision` when no write in parts is under way: one that gets on is waited for. `stalled`: one that was given up
 * half done, perhaps by a program that died.
 */
export async function settled(
  store: FleetStore,
  patience: Patience,
  tell: (line: string) => void,
): Promise<{ note: StoredKey | undefined; stalled?: WriteNote }> {
  let since = patience.now()
  let before: number | undefined
  for (;;) {
    const note = await patiently(() => store.get(REVISION), patience)
    const found = note && readNote(note.value)
    if (!found?.unfinished) return { note }
    if (before === undefined) tell(`waiting for the write of ${noteWords(found)}`)
    if (note!.modRevision !== before) since = patience.now()
    if (patience.now() - since >= STALLED_MS) return { note, stalled: found }
    before = note!.modRevision
    await patience.wait(LOOK_EVERY_MS)
  }
}
