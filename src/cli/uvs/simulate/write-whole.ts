import { randomBytes } from 'node:crypto'
import { realpathSync, renameSync, rmSync, statSync, writeFileSync, type Stats } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { UsageError } from '../../../director/options.js'
import { reasonOf } from '../../../linux/error-text.js'

/**
 * Writes what an option's file is to hold, whole or not at all: on a full disk what was there before is left. Devices and pipes are
 * written to. Else `cannotWrite`.
 */
export function writeWhole(option: string, path: string, text: string): void {
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat === undefined || stat.isFile()) replace(stat === undefined ? path : realpathSync(path), text, stat)
    else writeFileSync(path, text)
  } catch (error) {
    throw cannotWrite(option, path, error)
  }
}

/** What is no fault of the command line: the status is 1. */
const OF_THE_DISK = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EFBIG'])

/** One line: the option, the file, why. UsageError for a file that cannot be the one that was meant. */
export function cannotWrite(option: string, path: string, error: unknown): Error {
  const line = `${option}: ${path}: ${reasonOf(error)}`
  return OF_THE_DISK.has((error as NodeJS.ErrnoException).code ?? '') ? new Error(line) : new UsageError(line)
}

/** UsageError if two of these would be one file, of which the later would take the earlier's place. Each is what it is, and its path. */
export function mustDiffer(files: readonly (readonly [what: string, path: string | undefined])[]): void {
  const seen = new Map<string, string>()
  for (const [what, path] of files) {
    if (path === undefined) continue
    const place = placeOf(path)
    const other = seen.get(place)
    if (other !== undefined) throw new UsageError(`${what}: ${path} is the file of ${other}`)
    seen.set(place, what)
  }
}

function replace(path: string, text: string, stat: Stats | undefined): void {
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`)
  try {
    writeFileSync(beside, text, { flag: 'wx', mode: stat === undefined ? 0o666 : stat.mode & 0o777 })
    renameSync(beside, path)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}

/** The place of a regular file; of what is no regular file, each time another: a device may be named twice. */
function placeOf(path: string): string {
  try {
    const stat = statSync(path, { throwIfNoEntry: false })
    if (stat === undefined) return join(realDirectory(dirname(path)), basename(path))
    if (stat.isFile()) return `${stat.dev} ${stat.ino}` // by whichever of its names
  } catch {
    // a circle of links, a directory that may not be read: is said when it is opened
  }
  return randomBytes(8).toString('hex')
}

function realDirectory(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path // is said when the file is written
  }
}
