import { randomBytes } from 'node:crypto'
import { accessSync, closeSync, constants, fstatSync, lstatSync, openSync, readSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { BlockType } from '../../../capture/pcapng-blocks.js'
import { messageOf } from '../../../linux/error-text.js'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants
/** Of a file's beginning: the section's head and its program. */
const LOOKED_AT = 128
/** What a recording says that it was written by, with the version behind it. */
export const PROGRAM = 'uvs record'
/** Recordings of a director: FILE, the newest, to FILE.4. */
const KEPT = 5
/** One that comes while a file is written would end the process there, and leave half of it. */
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const

/** Why a recording may not take the file's place, in a line; undefined: it may. Symbolic links are not followed. */
export function whyNotReplaced(path: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return whyNoneMade(dirname(path))
  if (stat.isSymbolicLink()) return `${path} is a symbolic link`
  if (!stat.isFile()) return `${path} is no regular file`
  if (stat.uid !== process.geteuid?.()) return `${path} belongs to user ${stat.uid}`
  return stat.size === 0 || isRecording(path) ? undefined : `${path} is there and is no recording of uvs`
}

/** Why no file can be made in the folder: it is written beside the one that it replaces. */
function whyNoneMade(folder: string): string | undefined {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

function isRecording(path: string): boolean {
  const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const octets = Buffer.alloc(LOOKED_AT)
    const len = fstatSync(fd).isFile() ? readSync(fd, octets, 0, LOOKED_AT, 0) : 0
    return len >= 4 && octets.readUInt32LE(0) === BlockType.SECTION && octets.includes(PROGRAM)
  } finally {
    closeSync(fd)
  }
}

/**
 * Writes the file whole or not at all, for its owner alone; a recording that was there is replaced. Throws an Error of one line: the
 * file is another's, or the disk is full. `makeRoom`: called when it is written, before it takes its place.
 */
export function writeRecordingFile(path: string, write: (fd: number) => void, makeRoom = (): void => {}): void {
  const why = whyNotReplaced(path)
  if (why !== undefined) throw new Error(`${why}: nothing is written`)
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`)
  for (const signal of SIGNALS) process.on(signal, wait)
  try {
    const fd = openSync(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    try {
      write(fd)
    } finally {
      closeSync(fd)
    }
    makeRoom()
    renameSync(beside, path)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  } finally {
    for (const signal of SIGNALS) process.off(signal, wait)
  }
}

/** Makes room for the next recording: FILE becomes FILE.1, and so on; the oldest one goes with the next. */
export function rotate(path: string): void {
  const names = Array.from({ length: KEPT }, (_, i) => (i === 0 ? path : `${path}.${i}`))
  const why = names.map(whyNotReplaced).find(each => each !== undefined)
  if (why !== undefined) throw new Error(`${why}: nothing is written`)
  for (let i = KEPT - 2; i >= 0; i--)
    if (lstatSync(names[i]!, { throwIfNoEntry: false })) renameSync(names[i]!, names[i + 1]!)
}

function wait(): void {}
