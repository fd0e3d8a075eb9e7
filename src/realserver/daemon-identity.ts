import { readFileSync, readlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isAlive, type ProcessId } from '../linux/process-id.js'

/** The program that the decapsulator's process runs. */
export const DAEMON = fileURLToPath(new URL('daemon.js', import.meta.url))

/** The daemon of another installed version, wherever it is. */
const ANY_DAEMON = /\/realserver\/(.+\/)?daemon\.js$/

/** Whether the process named in a file is the decapsulator of this network namespace, a stranger, or gone. */
export function whoIs(id: ProcessId): 'daemon' | 'stranger' | 'gone' {
  let isDaemon
  try {
    const [, program] = readFileSync(`/proc/${id.pid}/cmdline`, 'utf8').split('\0')
    if (program === undefined) return 'gone' // it is ending, or is a kernel thread
    const isHere = readlinkSync(`/proc/${id.pid}/ns/net`) === readlinkSync('/proc/self/ns/net')
    isDaemon = isHere && ANY_DAEMON.test(program) && userOf(id.pid) === process.geteuid?.()
  } catch {
    return 'gone'
  }
  if (!isAlive(id)) return 'gone'
  return isDaemon ? 'daemon' : 'stranger'
}

/** The process's effective user (proc(5), Uid). Not the owner of /proc/PID: that is root for a process that is not dumpable. */
function userOf(pid: number): number {
  return Number(/^Uid:\t\d+\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
}

/** Sends the signal if the process is the decapsulator; returns whether it is. */
export function signalDaemon(id: ProcessId, signal: NodeJS.Signals): boolean {
  if (whoIs(id) !== 'daemon') return false
  process.kill(id.pid, signal)
  return true
}
