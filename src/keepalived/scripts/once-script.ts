import { runScript } from './run-script.js'
import type { NotifyScript } from './notify-runner.js'
import { userIds } from './user-ids.js'

/** As whom scripts run that say nothing of it: of global_defs. */
export interface ScriptDefaults {
  readonly scriptUser?: string
  readonly scriptGroup?: string
}

/**
 * Runs startup_script or shutdown_script and waits for its end, no longer than `timeoutMs`: then it is ended. Tells that it runs, and what
 * became of it. `what`: 'startup script'.
 */
export async function runOnce(
  what: string,
  { words, text, user, group }: NotifyScript,
  timeoutMs: number,
  { scriptUser, scriptGroup }: ScriptDefaults,
  tell: (line: string) => void,
): Promise<void> {
  const name = user ?? scriptUser
  const as = name === undefined ? undefined : userIds(name, user === undefined ? scriptGroup : group)
  if (name !== undefined && as === undefined) return tell(`${what} '${text}': there is no user ${name}`)
  tell(`Running ${what} ${text}`)
  const end = await runScript({ words, timeoutMs, ...(as && { as }) })
  switch (end.kind) {
    case 'exited':
      return tell(`${what} ${end.status === 0 ? 'succeeded' : `failed with status ${end.status}`}`)
    case 'signalled':
      return tell(`${what} died of signal ${end.signal}`)
    case 'timed out':
      return tell(`${what} was ended after ${timeoutMs / 1000} s`)
    case 'not run':
      return tell(`${what} was not run: ${end.why}`)
  }
}
