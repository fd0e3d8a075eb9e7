import { readdirSync, readFileSync } from 'node:fs'
import { check, mapMemory, schedSetaffinity } from '../src/io/libc.js'

/** Octets of a cpu_set_t: 1024 CPUs. */
const SET_LEN = 128

/** The CPUs that threads of these processes have bound themselves to, each to one. */
export function boundCpus(pids: readonly number[]): Set<number> {
  const bound = new Set<number>()
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const [cpu, ...others] = allowedCpus(readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1'))
      if (cpu !== undefined && others.length === 0) bound.add(cpu)
    }
  }
  return bound
}

/** A line of /proc/PID/status: 'Cpus_allowed_list:\t0-2,5' → 0 1 2 5. */
export function allowedCpus(status: string): number[] {
  const ranges = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1]?.split(',') ?? []
  return ranges.flatMap(range => {
    const [first = NaN, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
}

/** Has a process run on the others of its CPUs only, where there are any. */
export function keepOff(pid: number, taken: ReadonlySet<number>): void {
  const free = allowedCpus(readFileSync(`/proc/${pid}/status`, 'latin1')).filter(cpu => !taken.has(cpu))
  if (taken.size === 0 || free.length === 0) return
  const set = mapMemory(SET_LEN)
  for (const cpu of free) set.bytes[cpu >> 3]! |= 1 << (cpu & 7)
  check(schedSetaffinity(pid, SET_LEN, set.address), `the CPUs of process ${pid}`)
}
