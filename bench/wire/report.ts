import type { Hardware } from '../../native-free/lab-report.js'
import { hardwareLine } from '../../native-free/lab-report.js'
import { type Judged, judgedRows } from './judged.js'
import { FIGURES, type FigureName, type Summary } from './figures.js'

/** The report of a run. --json FILE writes it. */
export interface BenchReport extends Hardware {
  /** The start time, ISO 8601. */
  began: string
  /** The load average before the start. */
  load: number
  rounds: number
  /** How many services uvs had. */
  services: number
  runners: { name: string; title: string }[]
  figures: Summary[]
  judged: Judged[]
  /** Failures, a line each; their figures are missing. */
  failures: string[]
}

/** The hardware, then one table: a row for each runner, a column for each figure, '79 100 [78 200–80 044]'. */
export function markdown(report: BenchReport): string {
  const { runners, figures, rounds, services } = report
  const columns = (Object.keys(FIGURES) as FigureName[]).filter(name => figures.some(({ figure }) => figure === name))
  const cell = (runner: string, name: FigureName): string => {
    const summary = figures.find(({ figure, runner: of }) => figure === name && of === runner)
    return summary ? spreadText(summary) : '–'
  }
  const head = ['', ...columns.map(name => `${FIGURES[name].title}, ${FIGURES[name].unit}`)]
  const rows = runners.map(({ name, title }) => [title, ...columns.map(column => cell(name, column))])
  const rule = head.map((_, i) => (i === 0 ? '---' : '--:'))
  return [
    `${hardwareLine(report)}, ${report.began.slice(0, 10)}; median [least–most] of ${rounds} interleaved round${rounds === 1 ? '' : 's'}; uvs with ${services} services.`,
    '',
    ...[head, rule, ...rows].map(cells => `| ${cells.join(' | ')} |`),
    '',
    ...judgedRows(report.judged),
    '',
    columns.map(name => `${FIGURES[name].title}: ${FIGURES[name].about}`).join('; ') + '.',
    '',
  ].join('\n')
}

function spreadText({ figure, median, min, max, values }: Summary): string {
  const [middle, least, most] = [median, min, max].map(value => figureText(figure, value))
  return values.length === 1 ? middle! : `${middle} [${least}–${most}]`
}

/** '79 100'; thousands apart by a narrow space that does not break. */
export function figureText(figure: FigureName, value: number): string {
  return value.toFixed(FIGURES[figure].digits).replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, '\u202f')
}
