import type { Control, OffloadHere, OffloadInfo, Outcome } from '../../../control/protocol/api.js'
import { jsonDocument } from '../../json.js'
import type { UvsCommand } from '../command.js'
import { readOptions } from '../options/read-options.js'
import { showWatched, WATCHED_FORM } from './watched.js'
import { WHY_HERE } from './why-here.js'

export const offload: UvsCommand = {
  name: 'offload',
  help: `Shows the flows that the kernel forwards by a program of uvs, and why others come up to the director.
A flow is one direction of a connection. Counts are of the whole time since the start.`,
  forms: [WATCHED_FORM],
  async run(args) {
    const given = readOptions(offload, args)
    return showWatched('offload', given, control => showOffload(control, given.has('--json')))
  },
}

/** Throws the director's refusal as an Error of one line. */
export async function showOffload(control: Control, asJson = false): Promise<Outcome> {
  const reply = await control.call({ op: 'offload' })
  if (!reply.ok) throw new Error(reply.message)
  return { status: 0, out: asJson ? jsonDocument('offload', reply.value) : offloadText(reply.value), err: '' }
}

type Row = readonly [of: string, count: number, what: string]

function offloadText({ off, interfaces, after, latest, counts, balanced, kept, here }: OffloadInfo): string {
  if (off !== undefined) return `no flow is offloaded: ${off}\n`
  const { flows, capacity, entered, refused, evicted, epochs, packets, octets, lost } = counts
  return table([
    ['flows', flows, `of at most ${capacity}, forwarded before ${interfaces.join(' and ')}`],
    [
      '  entered',
      entered,
      `each after ${latest === undefined ? after : `${after} to ${latest}`} packets of its client`,
    ],
    ['  refused', refused, 'there was no room'],
    ['  evicted', evicted, 'idle, made room for others'],
    ['  epochs', epochs, 'changes after which all were decided anew'],
    ['packets', packets, 'by the program'],
    ['  octets', octets, 'of them'],
    ['  lost', lost, 'frames that it could not finish: drop-flow-unfinished'],
    ['  here', balanced, 'frames that came up and were balanced by the director'],
    ...(kept
      ? ([
          ['taken over', kept.takenOver, 'connections of an earlier director'],
          ['  waiting', kept.waiting, 'flows of it whose real server is not in the rules'],
        ] as const)
      : []),
    ['flows here', Object.values(here).reduce((so, count) => so + count, 0), 'come up to the director'],
    ...Object.entries(WHY_HERE).map(([kind, why]): Row => [`  ${kind}`, here[kind as keyof OffloadHere], why]),
  ])
}

/** Rows of kinds that there are none of are left out. */
function table(rows: readonly Row[]): string {
  const shown = rows.filter(([of, count]) => count > 0 || !(of.slice(2) in WHY_HERE))
  const widths = [0, 1].map(column => Math.max(...shown.map(row => String(row[column]).length)))
  const lines = shown.map(
    ([of, count, what]) => `${of.padEnd(widths[0]!)}  ${String(count).padStart(widths[1]!)}  ${what}`,
  )
  return `${lines.join('\n')}\n`
}
