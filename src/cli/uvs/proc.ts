import { allServices } from '../../control/all-services.js'
import type { Answer, ConnectionInfo, Control, Operation, Outcome, Request, Operations } from '../../control/api.js'
import { connectControl, Unreachable } from '../../control/client.js'
import { print, takeControl } from '../command.js'
import type { UvsCommand } from './command.js'
import {
  CONN_HEAD,
  CONN_SYNC_HEAD,
  connLine,
  connSyncLine,
  IP_VS_APP,
  ipVs,
  ipVsStats,
  ipVsStatsPercpu,
} from './proc-files.js'

/** What each file says now. */
const FILES: Record<string, (control: Control) => Promise<string>> = {
  ip_vs: async control => ipVs(granted(await allServices(control))),
  ip_vs_app: async () => IP_VS_APP,
  ip_vs_conn: control => connections(control, CONN_HEAD, connLine),
  ip_vs_conn_sync: control => connections(control, CONN_SYNC_HEAD, connSyncLine),
  ip_vs_stats: async control => ipVsStats(await ask(control, { op: 'totals' })),
  ip_vs_stats_percpu: async control => ipVsStatsPercpu(await ask(control, { op: 'totals' })),
}
const NAMES = Object.keys(FILES).join(', ')

export const proc: UvsCommand = {
  name: 'proc',
  usage: 'proc NAME [--control PATH]',
  help: `what the kernel has in /proc/net/NAME: ${NAMES}`,
  async run(args) {
    const { path, rest } = takeControl(args)
    if (path === undefined) return print(usageError(`usage: uvs ${proc.usage}`))
    const control = connectControl(path)
    const outcome = await showProc(rest, control)
    control.close()
    return print(outcome)
  },
}

/** `uvs proc` with its arguments (--control taken out). */
export async function showProc(args: readonly string[], control: Control): Promise<Outcome> {
  const [word, extra] = args
  if (word === undefined) return usageError(`usage: uvs ${proc.usage}; NAME: ${NAMES}`)
  const name = word.replace(/^(\/?proc\/)?net\//, '')
  const file = Object.hasOwn(FILES, name) ? FILES[name] : undefined
  if (!file) return usageError(`uvs proc: '${word}': there is no such file, only ${NAMES}`)
  if (extra !== undefined) return usageError(`uvs proc: '${extra}': one file at a time`)
  try {
    return { status: 0, out: await file(control), err: '' }
  } catch (error) {
    if (!(error instanceof Unreachable || error instanceof NotGranted)) throw error
    return { status: 1, out: '', err: `uvs proc: ${error.message}\n` }
  }
}

function usageError(message: string): Outcome {
  return { status: 2, out: '', err: `${message}\n` }
}

/** The director has refused; its message says why. */
class NotGranted extends Error {}

function granted<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new NotGranted(answer.message)
  return answer.value
}
async function ask<O extends Operation>(control: Control, request: Request<O>): Promise<Operations[O]['value']> {
  return granted<Operations[O]['value']>(await control.call(request))
}

async function connections(control: Control, head: string, line: (row: ConnectionInfo) => string): Promise<string> {
  const pages = [head]
  for (let from: number | null = 0; from !== null;) {
    const page: Operations['connections']['value'] = await ask(control, { op: 'connections', from })
    pages.push(page.rows.map(line).join(''))
    from = page.next
  }
  return pages.join('')
}
