import type { RequestTotals, SimulationResult, TimelineEvent } from '../../../../../native-free/simulate/result.js'
import { escaped, table, type Column } from './html.js'

/** The assertions, first of all: whether each holds, in a word too. */
export function assertionsTable({ assertions, ok }: SimulationResult): string {
  if (assertions.length === 0) return '<p class="verdict">The scenario asserts nothing.</p>\n'
  const failed = assertions.filter(assertion => !assertion.ok).length
  const count = `${assertions.length} ${assertions.length === 1 ? 'assertion' : 'assertions'}`
  const verdict = ok ? `${count}: all hold.` : `${count}: ${failed} fail.`
  const rows = assertions.map(
    assertion =>
      `<tr class="${assertion.ok ? 'holds' : 'fails'}"><td>${assertion.ok ? '✓ holds' : '✗ fails'}</td>` +
      `<td>${escaped(assertion.text)}</td><td>${escaped(assertion.found)}</td></tr>`,
  )
  return `<p class="verdict ${ok ? 'holds' : 'fails'}">${verdict}</p>
<table class="assertions"><caption>Assertions</caption>
<thead><tr><th>result</th><th>assertion</th><th>found</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table>
`
}

export function requestsTable({ requests }: SimulationResult): string {
  const { latencyMs } = requests
  return table(
    'Requests',
    [requests],
    [
      ...(
        [
          ['begun', 'started'],
          ['answered', 'answered'],
          ['broken', 'broken'],
          ['refused', 'refused'],
          ['timed out', 'timedOut'],
          ['unfinished', 'unfinished'],
        ] as const
      ).map(([head, name]) => number<RequestTotals>(head, row => row[name])),
      ...(['p50', 'p90', 'p99', 'max'] as const).map(name =>
        number<RequestTotals>(name === 'max' ? 'longest' : `${name.slice(1)} %`, () => ms(latencyMs[name])),
      ),
    ],
  )
}

export function realServersTable({ realServers }: SimulationResult): string {
  return table('Real servers', realServers, [
    { head: 'real server', of: row => row.name },
    { head: 'address', of: row => row.address },
    number('connections', row => row.connections),
    number('share', row => `${row.sharePercent} %`),
    number('answered', row => row.answered),
    number('refused, queue full', row => row.overflowed),
    number('longest queue', row => row.queueMost),
    number('longest wait', row => ms(row.queuedMsMost)),
    number('busy', row => `${row.busyPercent} %`),
    number('broken', row => row.broken),
  ])
}

/** What happened besides: events with their numbers in the charts, drains, recoveries, drops, directors. */
export function otherTables({ events, drains, recoveries, drops, directors }: SimulationResult): string {
  const numbered = events.map((event, at) => ({ ...event, at: at + 1 }))
  return [
    table<TimelineEvent & { at: number }>('Events', numbered, [
      number('mark', row => row.at),
      number('time', row => seconds(row.atMs)),
      { head: 'what', of: row => row.text },
      { head: 'by', of: row => (row.isOutcome ? 'itself' : 'the scenario') },
    ]),
    table('Drains', drains, [
      { head: 'real server', of: row => row.realServer },
      number('began', row => seconds(row.beganMs)),
      number('took', row => (row.tookMs === null ? 'not over' : seconds(row.tookMs))),
      number('connections ended by the deadline', row => row.cut),
    ]),
    table('Recoveries', recoveries, [
      { head: 'after', of: row => row.event },
      number('at', row => seconds(row.atMs)),
      number('took', row => (row.tookMs === null ? 'not over' : seconds(row.tookMs))),
      number('requests failed', row => row.failed),
    ]),
    table('Drops', drops, [{ head: 'reason', of: row => row.reason }, number('frames', row => row.count)]),
    table('Directors', directors, [
      { head: 'director', of: row => row.name },
      number('frames received', row => row.received),
      number('sent', row => row.sent),
      number('most connections', row => row.connectionsMost),
    ]),
  ].join('')
}

function number<Row>(head: string, of: Column<Row>['of']): Column<Row> {
  return { head, of, isNumber: true }
}
function seconds(time: number): string {
  return `${Math.round(time) / 1000} s`
}
function ms(time: number): string {
  return `${Math.round(time * 100) / 100} ms`
}
