import { closeSync, constants, fchmodSync, fchownSync, fstatSync, lstatSync, openSync } from 'node:fs'
import { EEXIST, errno, mkfifo, SystemError } from './libc.js'

/** Of whoever makes it alone, as keepalived has them. */
const MODE = 0o600
const { O_RDWR, O_NONBLOCK, O_NOFOLLOW } = constants

/** A FIFO that is open for writing. */
export interface OpenFifo {
  readonly fd: number
  /** It was not there before. */
  readonly isOurs: boolean
  /** Which it is: a path may come to mean another file. */
  readonly inode: number
}

/**
 * Opens a FIFO, which is made if there is none, with this owner and mode 0600. One that is there stays as it is. It is opened for reading
 * too: so it opens without a reader, and what is written waits for one. Error for another kind of file, a symbolic link among them.
 */
export function openFifo(path: string, owner?: { readonly uid: number; readonly gid: number }): OpenFifo {
  const isOurs = mkfifo(path, MODE) === 0
  const why = errno()
  if (!isOurs && why !== EEXIST) throw new SystemError(`making the FIFO ${path}`, why, REASONS)
  if (!lstatSync(path).isFIFO()) throw new Error(`${path} is there, and no FIFO`)
  const fd = openSync(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW)
  const stat = fstatSync(fd)
  if (!stat.isFIFO()) {
    closeSync(fd)
    throw new Error(`${path} is there, and no FIFO`)
  }
  if (isOurs) fchmodSync(fd, MODE)
  if (isOurs && owner) fchownSync(fd, owner.uid, owner.gid)
  return { fd, isOurs, inode: stat.ino }
}

const REASONS = { EACCES: 'permission denied', EPERM: 'permission denied', ENOENT: 'its directory does not exist' }
