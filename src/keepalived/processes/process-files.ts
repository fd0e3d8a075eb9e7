import { closeSync, openSync, readdirSync, readSync } from 'node:fs'

/* proc(5): PID/comm, PID/cmdline, PID/stat. A process may end between two of them: then it is as if it had not been there. */

/** Octets of a command line that are looked at. */
const MOST = 4096
/** What the kernel keeps of a name. */
export const NAME_MOST = 15
const buffer = Buffer.alloc(MOST)

/** The ids of all processes. */
export function processIds(): string[] {
  return readdirSync('/proc').filter(name => name.charCodeAt(0) >= 0x31 && name.charCodeAt(0) <= 0x39)
}

export function nameOf(id: string): string | undefined {
  return read(`/proc/${id}/comm`)?.slice(0, -1)
}

/** The command and its parameters; none: it belongs to the kernel, or waits for its parent to hear of its end. */
export function commandLineOf(id: string): string[] {
  const line = read(`/proc/${id}/cmdline`) ?? ''
  return line === '' ? [] : line.replace(/\0$/, '').split('\0')
}

/** The id of its parent; undefined: it has ended. */
export function parentOf(id: string): number | undefined {
  const stat = read(`/proc/${id}/stat`) ?? ''
  // Behind the name, which may hold anything.
  const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return /^[ZX]?$/.test(state) ? undefined : Number(parent)
}

function read(path: string): string | undefined {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return undefined
  }
  try {
    return buffer.toString('latin1', 0, readSync(fd, buffer))
  } catch {
    return undefined
  } finally {
    closeSync(fd)
  }
}
