/*
 * Merges the values of several workers for the same request. Workers have the same rules in the same order, so their rows
 * correspond. Connections of a real server are counted in shared memory; all other counters are each worker's own and are added.
 */
import {
  DESTINATION_COLUMNS,
  DestinationColumn,
  SUM_COLUMNS,
  SumColumn,
  type Buckets,
  type DirectorFigures,
  type FrameFigures,
  type OffloadCounts,
  type OffloadHere,
  type OffloadInfo,
  type RatesInfo,
  type ServiceFiguresPage,
  type ServicePage,
  type ServiceSums,
  type StatsInfo,
  type TotalsInfo,
  type WorkerFigures,
} from '../protocol/api.js'

type Counted = { stats: StatsInfo; rates: RatesInfo }

/** The sum of each field. */
export function sum<T extends StatsInfo | RatesInfo | OffloadCounts | OffloadHere | Record<string, number>>(
  all: readonly T[],
): T {
  const total = { ...all[0]! } as Record<string, number>
  for (const each of all.slice(1))
    for (const [name, number] of Object.entries(each)) total[name] = (total[name] ?? 0) + number
  return total as T
}
function counted(all: readonly Counted[]): Counted {
  return { stats: sum(all.map(({ stats }) => stats)), rates: sum(all.map(({ rates }) => rates)) }
}

export function mergeServices(pages: readonly ServicePage[]): ServicePage {
  const [first] = pages as [ServicePage]
  const rows = first.rows.map((row, i) => {
    const same = pages.map(page => page.rows[i]!)
    const destinations = row.destinations.map((dest, j) => ({
      ...dest,
      ...counted(same.map(other => other.destinations[j]!)),
    }))
    return { ...row, ...counted(same), destinations }
  })
  return { ...first, rows }
}

export function mergeTotals(all: readonly TotalsInfo[]): TotalsInfo {
  return { ...counted(all), live: sum(all.map(({ live }) => live)), workers: all.flatMap(({ workers }) => workers) }
}

export function mergeVerdicts(all: readonly Record<string, number>[]): Record<string, number> {
  return sum(all)
}

export function mergeServiceFigures(pages: readonly ServiceFiguresPage[]): ServiceFiguresPage {
  const [first, ...others] = pages as [ServiceFiguresPage, ...ServiceFiguresPage[]]
  for (const [i, service] of first.services.entries())
    for (const other of others.map(page => page.services[i]!)) {
      service.live = sum([service.live, other.live])
      addCounters(service.destinations, other.destinations)
    }
  return first
}
/** The columns from CONNS on. */
function addCounters(into: number[], from: readonly number[]): void {
  for (let at = 0; at < into.length; at += DESTINATION_COLUMNS)
    for (let column: number = DestinationColumn.CONNS; column < DESTINATION_COLUMNS; column++)
      into[at + column]! += from[at + column]!
}

export function mergeServiceSums(all: readonly ServiceSums[]): ServiceSums {
  const [first, ...others] = all.map(({ sums }) => sums as Float64Array) as [Float64Array, ...Float64Array[]]
  for (let at = 0; at < first.length; at += SUM_COLUMNS)
    for (const other of others)
      for (let column: number = SumColumn.CONNS; column < SUM_COLUMNS; column++)
        first[at + column]! += other[at + column]!
  return all[0]!
}

export function mergeOffload(all: readonly OffloadInfo[]): OffloadInfo {
  return {
    ...all[0]!,
    counts: mergeOffloadCounts(all.map(({ counts }) => counts)),
    balanced: all.reduce((so, each) => so + each.balanced, 0),
    here: sum(all.map(({ here }) => here)),
  }
}
/** Every worker begins a new epoch for the same change. */
function mergeOffloadCounts(all: readonly OffloadCounts[]): OffloadCounts {
  return { ...sum(all), epochs: Math.max(...all.map(({ epochs }) => epochs)) }
}

export function mergeFigures(all: readonly DirectorFigures[]): DirectorFigures {
  const [first] = all as [DirectorFigures]
  const workers = all.flatMap(each => each.workers)
  const offload = all.flatMap(each => each.offload ?? [])
  const most = (read: (figures: DirectorFigures) => number): number => Math.max(...all.map(read))
  const total = (read: (figures: DirectorFigures) => number): number => all.reduce((so, each) => so + read(each), 0)
  return {
    verdicts: sum(all.map(({ verdicts }) => verdicts)),
    frames: mergeFrames(all.map(({ frames }) => frames)),
    devices: first.devices.map(({ name }, i) => ({ name, dropped: total(({ devices }) => devices[i]!.dropped) })),
    totals: sum(all.map(({ totals }) => totals)),
    estimatorAge: most(({ estimatorAge }) => estimatorAge),
    connections: {
      capacity: total(({ connections }) => connections.capacity),
      open: total(({ connections }) => connections.open),
      templates: total(({ connections }) => connections.templates),
      timersBehind: most(({ connections }) => connections.timersBehind),
    },
    localPorts: {
      inUse: byAddress(all.flatMap(({ localPorts }) => localPorts.inUse)),
      resting: total(({ localPorts }) => localPorts.resting),
    },
    // Every worker learns all neighbours for itself: the largest count is the number there are.
    neighbours: {
      learnt: most(({ neighbours }) => neighbours.learnt),
      asking: most(({ neighbours }) => neighbours.asking),
      fixed: first.neighbours.fixed,
    },
    heldFrames: total(({ heldFrames }) => heldFrames),
    heldDatagrams: total(({ heldDatagrams }) => heldDatagrams),
    ...(offload.length > 0 && { offload: mergeOffloadCounts(offload) }),
    ...together(workers),
    workers,
  }
}

function mergeFrames(all: readonly FrameFigures[]): FrameFigures {
  const numbers = all.map(({ countedLater: _counted, lostLater: _lost, ...rest }) => rest)
  return {
    ...sum(numbers),
    countedLater: sum(all.map(({ countedLater }) => countedLater)),
    lostLater: sum(all.map(({ lostLater }) => lostLater)),
  }
}

function byAddress(counts: readonly { address: string; count: number }[]): { address: string; count: number }[] {
  const all = new Map<string, number>()
  for (const { address, count } of counts) all.set(address, (all.get(address) ?? 0) + count)
  return [...all].map(([address, count]) => ({ address, count }))
}

/** The sums of the workers' turns and heaps, if they have any. */
function together(workers: readonly WorkerFigures[]): WorkerFigures {
  const turns = workers.flatMap(worker => worker.turns ?? [])
  const heaps = workers.flatMap(({ heap }) => heap ?? [])
  return {
    ...(turns.length > 0 && {
      turns: {
        seconds: buckets(turns.map(({ seconds }) => seconds)),
        frames: buckets(turns.map(({ frames }) => frames)),
      },
    }),
    ...(heaps.length > 0 && { heap: sum(heaps) }),
  }
}
function buckets(all: readonly Buckets[]): Buckets {
  const [{ upTo, counts }] = all as [Buckets]
  return {
    upTo,
    counts: counts.map((_, i) => all.reduce((so, each) => so + each.counts[i]!, 0)),
    sum: all.reduce((so, each) => so + each.sum, 0),
  }
}
