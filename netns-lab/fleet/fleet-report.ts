import type { Check, Hardware } from '../../native-free/lab-report.js'
import { type DirectorName, METHOD, type Vip, VIPS } from './fleet-plan.js'

/** What a step did to the downloads of one address. */
export interface FlowCounts {
  /** That went on when it began. */
  flows: number
  /** That the router sends to another director since. */
  moved: number
  /** That would have to move: those of a director that goes, the share of one that comes. */
  needed: number
  /** That broke, and those of them that had not moved, in no earlier step either. */
  broken: number
  brokenUnmoved: number
  /** That were to break: none where mh and --fleet promise to keep them, else those that moved. */
  promised: number
}

/** Something that the lab does to a director or to the rules, and what came of it. Times in ms. */
export interface Step {
  /** 'd1 is killed with -9' */
  what: string
  /** Whether requests and flows may be lost until the router knows. */
  hurts: boolean
  /** The directors that the router shares flows among afterwards. */
  hops: DirectorName[]
  /** Since 1970. */
  fromMs: number
  toMs: number
  /** Until the router had the routes, or all directors the rules. */
  tookMs: number
  byVip: Record<Vip, FlowCounts>
  requests: { asked: number; failed: number; errors: string[]; failedForMs: number; slowestMs: number }
  /** Of ab, or a program in its place; `errors`: why, a line a burst. */
  load: { answered: number; failed: number; errors: string[] }
  /** By each of `hops`: the VIPs that it says in its metrics that it announces. */
  announced: Partial<Record<DirectorName, number>>
  /** What a command of it said last. */
  said?: string
}

/** The report of the lab. `uvs lab fleet --json FILE` writes it. */
export interface FleetReport extends Hardware {
  mode: 'fleet'
  seconds: number
  steps: Step[]
  checks: Check[]
}

const COLUMNS = ['', 'after', 'flows', 'moved', 'needed', 'broken', 'promised', 'requests', 'failed', 'ab', 'failed']

/** A line for each step and address. Pure. */
export function fleetTable(steps: readonly Step[]): string[] {
  const rows = steps.flatMap(step =>
    VIPS.map((vip, i) => {
      const { flows, moved, needed, broken, promised } = step.byVip[vip]
      const { requests, load } = step
      const counts = [`${METHOD[vip]} ${flows}`, moved, needed, broken, promised]
      if (i > 0) return ['', '', ...counts, '', '', '', '']
      return [step.what, seconds(step.tookMs), ...counts, requests.asked, requests.failed, load.answered, load.failed]
    }),
  )
  const cells = [COLUMNS, ...rows].map(row => row.map(String))
  const widths = COLUMNS.map((_, i) => Math.max(...cells.map(row => row[i]!.length)))
  return cells.map(row =>
    row
      .map((cell, i) => (i === 0 || i === 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  )
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}
