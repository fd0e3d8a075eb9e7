import { allServices } from '../../control/protocol/all-services.js'
import type {
  Answer,
  ConnectionInfo,
  Control,
  OperationName,
  Operations,
  Outcome,
  Request,
} from '../../control/protocol/api.js'
import { UsageError } from '../../director/options.js'
import { AS_JSON, CONTROL } from '../command.js'
import { jsonDocument, jsonPieces } from '../json.js'
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
import { readOptions } from './options/read-options.js'
import { withDirector } from './with-director.js'

/** The present content of each file. */
const FILES: Record<string, (control: Control) => Promise<string>> = {
  ip_vs: async control => ipVs(granted(await allServices(control))),
  ip_vs_app: async () => IP_VS_APP,
  ip_vs_conn: control => connections(control, CONN_HEAD, connLine),
  ip_vs_conn_sync: control => connections(control, CONN_SYNC_HEAD, connSyncLine),
  ip_vs_stats: async control => ipVsStats(await ask(control, { op: 'totals' })),
  ip_vs_stats_percpu: async control => ipVsStatsPercpu(await ask(control, { op: 'totals' })),
}
const NAMES = Object.keys(FILES)

/** The same as a JSON document: for some files, that of the corresponding list. */
const DOCUMENTS: Record<string, (control: Control) => Promise<string>> = {
  ip_vs: async control => jsonDocument('services', granted(await allServices(control))),
  ip_vs_app: async () => jsonDocument('apps', []),
  ip_vs_conn: connectionsDocument,
  ip_vs_conn_sync: connectionsDocument,
  ip_vs_stats: totalsDocument,
  ip_vs_stats_percpu: totalsDocument,
}

export const proc: UvsCommand = {
  name: 'proc',
  help: `Shows what the kernel has in /proc/net/NAME.
NAME is one of ${NAMES.join(' ')}.`,
  forms: [{ words: [{ value: 'NAME', examples: NAMES }], options: [AS_JSON, CONTROL] }],
  async run(args) {
    const given = readOptions(proc, args)
    const file = fileOf(given.words[0]!)
    return withDirector(given, control => showProc(file, control, given.has('--json')))
  },
}

/** A name of FILES; `/proc/net/NAME` and `net/NAME` are accepted too. */
export function fileOf(word: string): string {
  const name = word.replace(/^(\/?proc\/)?net\//, '')
  if (NAMES.includes(name)) return name
  throw new UsageError(`'${word}': there is no such file; those there are: ${NAMES.join(', ')}`)
}

export async function showProc(name: string, control: Control, asJson = false): Promise<Outcome> {
  return { status: 0, out: await (asJson ? DOCUMENTS : FILES)[name]!(control), err: '' }
}

function granted<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(answer.message)
  return answer.value
}
async function ask<O extends OperationName>(control: Control, request: Request<O>): Promise<Operations[O]['value']> {
  return granted<Operations[O]['value']>(await control.call(request))
}

async function connections(control: Control, head: string, line: (row: ConnectionInfo) => string): Promise<string> {
  let text = head
  for await (const rows of connectionPages(control)) text += rows.map(line).join('')
  return text
}

async function connectionsDocument(control: Control): Promise<string> {
  let text = ''
  for await (const piece of jsonPieces('connections', connectionPages(control))) text += piece
  return text
}

async function* connectionPages(control: Control): AsyncGenerator<ConnectionInfo[]> {
  for (let from: number | null = 0; from !== null;) {
    const page: Operations['connections']['value'] = await ask(control, { op: 'connections', from })
    yield page.rows
    from = page.next
  }
}

async function totalsDocument(control: Control): Promise<string> {
  return jsonDocument('totals', await ask(control, { op: 'totals' }))
}
