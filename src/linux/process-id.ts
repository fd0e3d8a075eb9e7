import { readFileSync } from 'node:fs'

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessId {
  pid: number
  /** When it started, in clock ticks since boot (proc(5), field 22 of /proc/PID/stat). */
  start: string
}

/** The process as it is now; undefined when there is none, or only its exit status is left. */
export function identify(pid: number): ProcessId | undefined {
  const fields = statOf(pid)
  const [state, start] = [fields[0], fields[19]]
  return start === undefined || state === 'Z' || state === 'X' ? undefined : { pid, start }
}

export function isAlive({ pid, start }: ProcessId): boolean {
  return identify(pid)?.start === start
}

/** Fields of /proc/PID/stat from the third, the state, on (proc(5)); none if it is gone. */
export function statOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}
