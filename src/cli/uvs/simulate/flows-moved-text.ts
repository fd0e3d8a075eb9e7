import type {
  MovedRow,
  NewFlowsMoved,
  OpenMoved,
  ServiceMoved,
  ServiceRules,
} from '../../../../native-free/simulate/flows-moved.js'
import type { FlowSource, FlowsMovedFound } from './flows-moved.js'

/** Rows of a table that are shown; --json has all. */
const MOST_ROWS = 12

/** What was found, for people. */
export function flowsMovedText({ flows, forNoService, services, source }: FlowsMovedFound): string {
  const nothing = forNoService > 0 ? `; ${forNoService} are for no virtual service` : ''
  return [`${count(flows, 'flow')}${nothing}: ${sourceText(source)}`, ...services.map(serviceText)]
    .map(block => `${block}\n`)
    .join('\n')
}

function sourceText(source: FlowSource): string {
  if ('seed' in source) return `made from seed ${source.seed}, clients of ${source.clients}`
  const { capture, frames, others, sctp, isCut } = source
  const left = [
    ...(others > 0 ? [`${count(others, 'flow')} to no virtual service, answers among them, left out`] : []),
    ...(sctp > 0 ? [`${count(sctp, 'flow')} of SCTP left out`] : []),
    ...(isCut ? ['there are more, which were not read'] : []),
  ]
  return [`of ${frames} frames of ${capture}`, ...left].join('; ')
}

function serviceText({ service, before, after, newFlows, open, returning }: ServiceMoved): string {
  return [
    `${service}  ${rulesText(before)} → ${rulesText(after)}`,
    `  new flows, by directors that begin with either:   ${newFlowsText(newFlows)}`,
    `  open connections, when it is applied:             ${openText(open)}`,
    `  new flows of the same clients, after it:          ${newFlowsText(returning)}`,
    ...rowsText('new flows', newFlows.rows),
    ...rowsText('open connections', open.rows),
    ...rowsText('new flows of the same clients', returning.rows),
  ].join('\n')
}

function rulesText(rules: ServiceRules | undefined): string {
  if (rules === undefined) return 'no such service'
  return rules.persistence > 0 ? `${rules.scheduler}, persistent ${rules.persistence} s` : rules.scheduler
}
function newFlowsText({ flows, elsewhere, mustMove }: NewFlowsMoved): string {
  const all = `${elsewhere} of ${flows} go elsewhere (${percent(elsewhere, flows)})`
  if (elsewhere === 0) return all
  const others = elsewhere - mustMove
  return `${all}: ${mustMove} whose real server takes none any more, ${others} others (${percent(others, flows)})`
}
function openText({ flows, stay, move, break: broken }: OpenMoved): string {
  return `${stay} of ${flows} stay (${percent(stay, flows)}), ${move} move (${percent(move, flows)}), ${broken} break (${percent(broken, flows)})`
}

function rowsText(title: string, rows: readonly MovedRow[]): string[] {
  if (rows.length === 0) return []
  const shown = rows.slice(0, MOST_ROWS)
  const rest = rows.slice(MOST_ROWS)
  const width = Math.max(...shown.map(({ from }) => from.length))
  const toWidth = Math.max(...shown.map(({ to }) => to.length))
  return [
    `  ${title}:`,
    ...shown.map(
      ({ from, to, flows }) => `    ${from.padEnd(width)} → ${to.padEnd(toWidth)} ${String(flows).padStart(8)}`,
    ),
    ...(rest.length > 0
      ? [
          `    ${rest.length} more rows, ${count(
            rest.reduce((sum, { flows }) => sum + flows, 0),
            'flow',
          )} (--json has all)`,
        ]
      : []),
  ]
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '0 %' : `${((100 * part) / whole).toFixed(1)} %`
}
function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
