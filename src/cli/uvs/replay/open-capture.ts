import { closeSync, fstatSync, openSync } from 'node:fs'
import { UsageError } from '../../../director/options.js'
import { reasonOf } from '../../../linux/error-text.js'

/** A capture, opened: a file, or a pipe. */
export interface OpenCapture {
  readonly fd: number
  /** Octets; 0: not known. */
  readonly size: number
}

/** UsageError in a line, after the option that names it, if it cannot be opened. */
export function openCapture(option: string, path: string): OpenCapture {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    throw new UsageError(`${option}: ${path}: ${reasonOf(error)}`)
  }
  const stat = fstatSync(fd)
  if (!stat.isDirectory()) return { fd, size: stat.size }
  closeSync(fd)
  throw new UsageError(`${option}: ${path}: it is a directory, no capture`)
}
