import { integer, type Check, type Checked, optional, record, text } from '../../control/protocol/check.js'
import { printable } from '../../control/protocol/printable.js'

/*
 * The key `revision` tells of the last write: who, when, how much. Each write of uvs replaces it, and expects it as it was
 * read, so that of two writers one is told. A write that is too large for one transaction says there how far it has come:
 * directors leave their rules as they are until it is whole.
 */

const VERSION = 1
const PARTS_MAX = 1_000_000

const words = text('printable text', found => /^[^\p{Cc}]{1,255}$/u.test(found))

const NOTE = {
  version: integer(VERSION, VERSION),
  /** Of the write, drawn at random: a writer whose answer was lost knows its own. */
  id: text('16 hexadecimal digits', found => /^[\da-f]{16}$/.test(found)),
  /** user@host */
  by: words,
  /** ISO 8601, by the writer's clock. */
  at: text('a time', found => /^\d{4}-\d\d-\d\dT[\d:.]{8,15}Z$/.test(found)),
  /** The command that wrote. */
  command: words,
  /** Keys written and deleted. */
  changes: integer(0, Number.MAX_SAFE_INTEGER),
  unfinished: optional(record({ done: integer(1, PARTS_MAX), of: integer(2, PARTS_MAX) }) as Check<Parts>),
}

interface Parts {
  done: number
  of: number
}

export type WriteNote = Checked<typeof NOTE>

const checkNote: Check<WriteNote> = record(NOTE)

/** Reads a value of `revision`; undefined if it is none that uvs wrote: then it counts as finished, by nobody. */
export function readNote(value: string): WriteNote | undefined {
  try {
    return checkNote(JSON.parse(value), 'revision')
  } catch {
    return undefined
  }
}

export function noteText(note: WriteNote): string {
  return JSON.stringify(note)
}

/** Whether a write has been begun and not been ended: rules are not to be taken from the prefix. */
export function isUnfinished(value: string | undefined): boolean {
  return value !== undefined && readNote(value)?.unfinished !== undefined
}

/** `root@host at 2026-11-30T05:00:00Z` */
export function noteWords(note: WriteNote | undefined): string {
  return note ? `${printable(note.by)} at ${note.at}` : 'somebody'
}

/** What a document says of the last write; nothing if nobody knows. */
export function noteFields(note: WriteNote | undefined): Partial<Pick<WriteNote, 'by' | 'at' | 'unfinished'>> {
  return note ? { by: note.by, at: note.at, ...(note.unfinished && { unfinished: note.unfinished }) } : {}
}
