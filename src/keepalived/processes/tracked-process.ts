/** A vrrp_track_process block: which processes are counted, and how many there are to be. Times are ms. */
export interface TrackedProcess {
  readonly name: string
  /** The command and its parameters. */
  readonly process?: readonly string[]
  /** Absent: parameters count where there are any. */
  readonly paramMatch?: 'exact' | 'initial' | 'partial'
  readonly fullCommand: boolean
  readonly quorum: number
  /** 0: there is to be none at all. */
  readonly quorumMax?: number
  readonly forkDelayMs: number
  readonly terminateDelayMs: number
}

/** Whether the name of a process is looked at, as in /proc/PID/comm, or its whole command line. */
export function isByName({ process = [], fullCommand }: TrackedProcess): boolean {
  return process.length < 2 && !fullCommand
}

/**
 * Whether a command line is one of those that count; all as keepalived 2.2.7 does. The command is compared as it stands. `partial`: more
 * parameters may come behind; `initial`: the last one may be longer, too. A bare full_command looks at no parameters.
 */
export function isCounted({ process = [], paramMatch }: TrackedProcess, line: readonly string[]): boolean {
  const last = process.length - 1
  if (line.length < process.length || last < 0) return false
  if (!process.slice(0, -1).every((word, at) => word === line[at])) return false
  const [wanted = '', is = ''] = [process[last], line[last]]
  // The command itself is never taken for a parameter that may be longer.
  if (paramMatch === 'initial' && last > 0) return is.startsWith(wanted)
  if (wanted !== is) return false
  const mayHaveMore = paramMatch === undefined ? last === 0 : paramMatch !== 'exact'
  return mayHaveMore || line.length === process.length
}
