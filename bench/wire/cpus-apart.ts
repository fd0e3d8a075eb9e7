import { readdirSync, readFileSync } from 'node:fs'
import { check } from '../../src/linux/libc.js'
import { allowedCpus, giveCpus } from '../../src/linux/one-cpu.js'

/** The CPUs to which threads of these processes are bound, each thread to one. */
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

/** Binds a process to the remaining CPUs, if there are any. */
export function keepOff(pid: number, taken: ReadonlySet<number>): void {
  const free = allowedCpus(readFileSync(`/proc/${pid}/status`, 'latin1')).filter(cpu => !taken.has(cpu))
  if (taken.size === 0 || free.length === 0) return
  check(giveCpus(pid, free), `the CPUs of process ${pid}`)
}
