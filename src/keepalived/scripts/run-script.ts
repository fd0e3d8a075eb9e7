import { spawn, type ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { reasonOf } from '../../linux/error-text.js'
import { scriptGuard } from './script-guard.js'
import type { UserIds } from './user-ids.js'

/** How a script ended. */
export type ScriptEnd =
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'signalled'; readonly signal: number }
  /** It was ended for having taken too long. */
  | { readonly kind: 'timed out' }
  /** It could not be started: why. */
  | { readonly kind: 'not run'; readonly why: string }

/** From the TERM of a script that takes too long to its KILL. */
const GRACE_MS = 2000

export interface ScriptOptions {
  /** The program, then its arguments. */
  readonly words: readonly string[]
  /** Absent: as this process. */
  readonly as?: UserIds
  /** Then the script and all that it has started get TERM, 2 s later KILL; 0: never. */
  readonly timeoutMs: number
  /** Ends them: at once, or with `patienceMs` by TERM, and KILL so much later. */
  readonly signal?: AbortSignal
  readonly patienceMs?: number
}

/**
 * Runs a script in a process group of its own and waits for its end: then what it has left behind in that group is killed too. It reads
 * nothing; what it writes goes nowhere, however much. When this process dies the script is killed too. Never rejects.
 */
export function runScript({ words, as, timeoutMs, signal, patienceMs = 0 }: ScriptOptions): Promise<ScriptEnd> {
  return new Promise(resolve => {
    let child: ChildProcess
    try {
      const [program = '', ...args] = words
      scriptGuard.expect()
      child = spawn(program, args, { stdio: 'ignore', detached: true, ...(as && { uid: as.uid, gid: as.gid }) })
    } catch (error) {
      resolve({ kind: 'not run', why: reasonOf(error) })
      return
    }
    let isLate = false
    let timer: NodeJS.Timeout | undefined
    const { pid } = child
    const kill = (): void => killGroup(pid, 'SIGKILL')
    const ask = (graceMs: number): void => {
      clearTimeout(timer)
      killGroup(pid, 'SIGTERM')
      timer = setTimeout(kill, graceMs)
    }
    const late = (): void => {
      isLate = true
      ask(GRACE_MS)
    }
    const stop = (): void => (patienceMs > 0 ? ask(patienceMs) : kill())
    if (pid !== undefined) scriptGuard.began(pid)
    if (timeoutMs > 0) timer = setTimeout(late, timeoutMs)
    signal?.addEventListener('abort', stop)
    const end = (how: ScriptEnd): void => {
      clearTimeout(timer)
      if (pid !== undefined) scriptGuard.ended(pid)
      signal?.removeEventListener('abort', stop)
      resolve(how)
    }
    child.once('error', error => end({ kind: 'not run', why: reasonOf(error) }))
    child.once('exit', (status, by) => {
      kill()
      if (isLate) end({ kind: 'timed out' })
      else if (by !== null) end({ kind: 'signalled', signal: constants.signals[by] })
      else end({ kind: 'exited', status: status ?? 0 })
    })
    if (signal?.aborted) stop()
  })
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // The group is empty.
  }
}
