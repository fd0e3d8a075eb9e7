import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'

/*
 * Files that one run leaves for the next, which does as they say, mostly as root: so only root and the user that runs may
 * be able to write them, or to replace them. Modes do not depend on the umask. Nothing waits for the disk unless it is asked: what
 * most files tell of ends when the computer stops, as /run does.
 */

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants
const FILE_MODE = 0o600
const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000
/** Octets. A real server's state takes some 250 a VIP. */
const FILE_MAX = 16 * 1024 * 1024

/** Makes the directory unless it is there; not those above it. Throws a line if others may put something in it. */
export function ownDirectory(directory: string, mode = 0o755): void {
  const above = statSync(dirname(directory))
  if (isWritableByOthers(above) && !(above.mode & STICKY))
    throw new Error(`${dirname(directory)} ${writableByOthers(above)}: they may replace ${directory}`)
  makeDirectory(directory, mode)
  mustBeOwnDirectory(directory)
}

/** Makes the directory, of that mode whatever the umask; returns whether it was not there. */
export function makeDirectory(directory: string, mode: number): boolean {
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  const fd = openSync(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  try {
    if (isOwn(fstatSync(fd))) fchmodSync(fd, mode)
  } finally {
    closeSync(fd)
  }
  return true
}

/**
 * The text of a file of so many names, and `most` octets, at most; undefined if there is none. Throws a line if it may be somebody
 * else's.
 */
export function readOwnFile(path: string, names = 1, most = FILE_MAX): string | undefined {
  const fd = openOwn(path)
  if (fd === undefined) return undefined
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw new Error(`${path} is no regular file`)
    const why = whyNotOwn(stat, names, most)
    if (why !== undefined) throw new Error(`${path} ${why}: nothing is done by it`)
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}

/** Writes the file whole or not at all. `isLasting`: it is to be there when the computer stops and starts. */
export function writeOwnFile(path: string, text: string, isLasting = false): void {
  const fd = createOwnFile(`${path}.new`)
  try {
    writeFileSync(fd, text)
    if (isLasting) fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(`${path}.new`, path)
}

/**
 * Adds to a file that was left with so many octets, for it to be there when the computer stops. Returns whether it did: not to one that
 * has other octets by now, or may be somebody else's. Where that fails half-way a part of the text may be there.
 */
export function appendOwnFile(path: string, text: string, octets: number): boolean {
  let fd: number | undefined
  try {
    fd = openOwn(path, O_WRONLY | O_APPEND)
  } catch {
    return false
  }
  if (fd === undefined) return false
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile() || stat.size !== octets || whyNotOwn(stat, 1, octets) !== undefined) return false
    writeFileSync(fd, text)
    fsyncSync(fd)
    return true
  } finally {
    closeSync(fd)
  }
}

/** A new file for writing, in the place of any that was there. */
export function createOwnFile(path: string): number {
  mustBeOwnDirectory(dirname(path))
  rmSync(path, { force: true })
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE)
  fchmodSync(fd, FILE_MODE)
  return fd
}

/** Throws a line if `stat`, of `directory`, says that others may put something in it, or take something away. */
export function mustBeClosed(directory: string, stat: Stats, stickyIsClosed: boolean): void {
  if (!stat.isDirectory()) throw new Error(`${directory} is no directory`)
  if (!isOwn(stat)) throw new Error(`${directory} belongs to user ${stat.uid}, who may replace what is in it`)
  if (!isWritableByOthers(stat) || (stickyIsClosed && stat.mode & STICKY)) return
  const remedy = `look at what is in it, then chmod go-w ${directory}`
  throw new Error(`${directory} ${writableByOthers(stat)}, who may replace what is in it: ${remedy}`)
}

function openOwn(path: string, flags = O_RDONLY): number | undefined {
  try {
    mustBeOwnDirectory(dirname(path))
    return openSync(path, flags | O_NOFOLLOW | O_NONBLOCK) // a FIFO is not waited for
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code === 'ELOOP') throw new Error(`${path} is a symbolic link`, { cause: error })
    if (code === 'ENXIO') throw new Error(`${path} is no regular file`, { cause: error })
    throw error
  }
}

function whyNotOwn(stat: Stats, names: number, most: number): string | undefined {
  if (!isOwn(stat)) return `belongs to user ${stat.uid}`
  if (isWritableByOthers(stat)) return writableByOthers(stat)
  if (stat.nlink > names) return 'has another name too (a hard link)'
  return stat.size > most ? `is larger than ${most} octets` : undefined
}

function mustBeOwnDirectory(directory: string): void {
  const stat = lstatSync(directory)
  if (stat.isSymbolicLink()) throw new Error(`${directory} is a symbolic link`)
  mustBeClosed(directory, stat, false)
}

function isOwn({ uid }: Stats): boolean {
  return uid === 0 || uid === process.geteuid?.()
}

function isWritableByOthers({ mode }: Stats): boolean {
  return (mode & WRITABLE_BY_OTHERS) !== 0
}

function writableByOthers({ mode }: Stats): string {
  return `can be written by others (mode ${(mode & 0o7777).toString(8).padStart(4, '0')})`
}
