import type { Tick } from '../live/tick.ts'

/* The steps of docs/architecture/path.md, coarser: which verdicts end a frame's way at which. */

export const STAGES = ['io', 'packet', 'conn', 'service', 'sched', 'open', 'forward', 'neigh'] as const
export type StageName = (typeof STAGES)[number]

export interface Stage {
  name: StageName
  /** Frames a second that come to it. */
  rate: number
  /** That end there, by verdict. */
  ends: [verdict: string, rate: number][]
}

/** How a frame's way ends well. */
const GOOD: readonly string[] = ['balanced', 'forwarded']
/** What is counted beside verdicts: of no frame that came in. */
const BESIDE = /^(icmp-errors|toa)-/
const AT: Readonly<Record<string, StageName>> = {
  'drop-frame-misplaced': 'io',
  'drop-virtio-malformed': 'io',
  'drop-syn-budget': 'io',
  'drop-flow-unfinished': 'io',
  answered: 'service',
  refused: 'service',
  consumed: 'packet',
  'left-to-kernel': 'packet',
  'drop-destination-gone': 'conn',
  'drop-rst-unknown': 'conn',
  'drop-no-connection': 'conn',
  'drop-defence': 'sched',
  'drop-no-destination': 'sched',
  'drop-scheduler-failed': 'sched',
  'drop-table-full': 'open',
  'drop-no-local-port': 'open',
  'drop-ttl': 'forward',
  'drop-too-big': 'forward',
  'drop-no-memory': 'forward',
  'drop-real-server-loopback': 'forward',
  'drop-local-node': 'forward',
  held: 'neigh',
  'drop-no-route': 'neigh',
  'drop-neighbour-queue': 'neigh',
  'drop-neighbour-failed': 'neigh',
  'drop-device-queue': 'neigh',
}

export interface PathRates {
  in: number
  stages: Stage[]
  balanced: number
  forwarded: number
}

/** A packet of an open connection passes the service and the scheduler by: those stages see what opens one, and what ends there. */
export function pathRates({ verdicts, totals }: Tick): PathRates {
  const ends = new Map<StageName, [string, number][]>(STAGES.map(name => [name, []]))
  let left = 0
  for (const [verdict, [, rate]] of Object.entries(verdicts)) {
    if (BESIDE.test(verdict)) continue
    left += rate
    if (rate > 0 && !GOOD.includes(verdict)) ends.get(stageOf(verdict))!.push([verdict, rate])
  }
  const all = left
  const passedBy = Math.max(0, (verdicts['balanced']?.[1] ?? 0) - totals.rates.cps) + (verdicts['forwarded']?.[1] ?? 0)
  const stages = STAGES.map(name => {
    const here = ends.get(name)!.sort((one, other) => other[1] - one[1])
    const isBranch = name === 'service' || name === 'sched' || name === 'open'
    const rate = Math.max(0, isBranch ? left - passedBy : left)
    left -= here.reduce((sum, [, count]) => sum + count, 0)
    return { name, rate, ends: here }
  })
  return { in: all, stages, balanced: verdicts['balanced']?.[1] ?? 0, forwarded: verdicts['forwarded']?.[1] ?? 0 }
}

/** What is not named above concerns the packet itself. */
function stageOf(verdict: string): StageName {
  if (verdict.startsWith('drop-device-') && verdict !== 'drop-device-queue') return 'io'
  return AT[verdict] ?? 'packet'
}
