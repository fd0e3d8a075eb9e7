import { readdirSync, readFileSync } from 'node:fs'

/** CPU time of each thread of a process so far, by its id, in ms. */
export function threadCpu(pid: number): Map<number, number> {
  return new Map(readdirSync(`/proc/${pid}/task`).map(tid => [Number(tid), onCpuMs(`/proc/${pid}/task/${tid}`)]))
}

/** Of all its threads. */
export function processCpu(pid: number): number {
  return [...threadCpu(pid).values()].reduce((sum, ms) => sum + ms, 0)
}

/** The thread, but for the first, that has taken most of the CPU since. */
export function busiestSince(before: ReadonlyMap<number, number>, pid: number): number {
  const taken = [...threadCpu(pid)].filter(([tid]) => tid !== pid).map(([tid, ms]) => [tid, ms - (before.get(tid) ?? 0)] as const) // prettier-ignore
  return taken.toSorted(([, a], [, b]) => b - a)[0]![0]
}

/** schedstat's first number, in ns (the kernel's Documentation/scheduler/sched-stats). */
function onCpuMs(folder: string): number {
  try {
    return Number(readFileSync(`${folder}/schedstat`, 'latin1').split(' ')[0]) / 1e6
  } catch {
    return 0 // it has ended
  }
}
