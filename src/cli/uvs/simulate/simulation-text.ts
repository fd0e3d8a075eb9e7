import type { RealServerResult, SimulationResult } from '../../../../native-free/simulate/result.js'
import { printable } from '../../../control/protocol/printable.js'

/** The result as tables. */
export function simulationText(result: SimulationResult): string {
  const { requests, name, seed, durationMs, drops, drains, recoveries, assertions } = result
  const { latencyMs: latency } = requests
  const lines = [
    `${name}: ${seconds(durationMs)}, seed ${seed}`,
    '',
    `requests   ${requests.started} begun, ${requests.answered} answered, ${requests.broken} broken, ${requests.refused} refused, ${requests.timedOut} timed out, ${requests.unfinished} unfinished`,
    ...(requests.moved > 0
      ? [`moved      ${requests.moved} went to another real server than the one before from their port`]
      : []),
    requests.answered === 0
      ? 'latency    no request was answered'
      : `latency    p50 ${latency.p50} ms, p90 ${latency.p90} ms, p99 ${latency.p99} ms, max ${latency.max} ms`,
    '',
    ...serverTable(result.realServers),
    '',
    ...table(
      ['director', 'received', 'sent', 'most conns', 'state'],
      result.directors.map(({ name: director, received, sent, connectionsMost, series }) => [
        director,
        String(received),
        String(sent),
        String(connectionsMost),
        series.state.at(-1) || '-',
      ]),
    ),
  ]
  if (drops.length > 0)
    lines.push(
      '',
      ...table(
        ['frames lost', 'count'],
        drops.map(({ reason, count }) => [reason, String(count)]),
      ),
    )
  if (result.events.length > 0) lines.push('', 'events', ...eventLines(result.events))
  for (const { realServer, tookMs, cut } of drains) {
    const took = tookMs === null ? 'had connections until the end' : `had none left after ${seconds(tookMs)}`
    lines.push('', `drain of ${realServer}: it ${took}${cut > 0 ? `; ${cut} were ended` : ''}`)
  }
  if (recoveries.length > 0)
    lines.push(
      '',
      ...table(
        ['after', 'requests failed', 'for'],
        recoveries.map(({ event, atMs, failed, tookMs }) => [
          `${event} (${seconds(atMs)})`,
          String(failed),
          tookMs === null ? 'until the end' : seconds(tookMs),
        ]),
      ),
    )
  if (assertions.length > 0)
    lines.push('', ...assertions.map(({ text, ok, found }) => `${ok ? 'ok    ' : 'FAILED'} ${text}: ${found}`))
  return lines.map(line => `${printable(line.trimEnd())}\n`).join('')
}

function serverTable(servers: readonly RealServerResult[]): string[] {
  const heads = ['real server', 'address', 'conns', 'share', 'answered', 'refused', 'broken', 'busy', 'queue', 'waited']
  return table(
    heads,
    servers.map(server => [
      server.name,
      server.address,
      String(server.connections),
      `${server.sharePercent.toFixed(2)} %`,
      String(server.answered),
      String(server.overflowed),
      String(server.broken),
      `${server.busyPercent.toFixed(1)} %`,
      String(server.queueMost),
      `${Math.round(server.queuedMsMost)} ms`,
    ]),
  )
}

/** The first column to the left, the others to the right; the second too if it is an address. */
function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map(row => row[i]!.length)))
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')
  return [heads, ...rows].map(line)
}

/** A router that flaps has thousands. */
const MOST_EVENTS = 60

function eventLines(events: SimulationResult['events']): string[] {
  const shown = events.slice(0, MOST_EVENTS).map(({ atMs, text }) => `${seconds(atMs).padStart(10)}  ${text}`)
  const more = events.length - shown.length
  return more > 0 ? [...shown, `and ${more} more: --json has them`] : shown
}

function seconds(ms: number): string {
  return `${Math.round(ms) / 1000} s`
}
