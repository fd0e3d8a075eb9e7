import { readFileSync } from 'node:fs'
import { mapMemory, schedGetcpu, schedSetaffinity } from './libc.js'

/** Octets of a cpu_set_t: 1024 CPUs. */
const SET_LEN = 128

/**
 * Keeps this thread on the CPU that it runs on, one of those it was given (taskset(1)). A frame that is sent joins its
 * CPU's own queue to the receiver: sent from two CPUs, frames of a connection would overtake each other. Where the
 * system will not have it, all goes on without.
 */
export function stayOnThisCpu(): void {
  stayOn(schedGetcpu() as number)
}

/** The same for one of several threads: the nth of the CPUs that they were given, from the first again when there are fewer. */
export function stayOnCpu(n: number): void {
  const cpus = allowedCpus(readFileSync('/proc/thread-self/status', 'latin1'))
  if (cpus.length > 0) stayOn(cpus[n % cpus.length]!)
}

/** The CPUs that a thread was given, by its /proc/PID/status: 'Cpus_allowed_list:\t0-2,5' → 0, 1, 2, 5. */
export function allowedCpus(status: string): number[] {
  return parseCpus(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '')
}

/** '0-2,5' → 0, 1, 2, 5 (cpuset(7), list format). */
export function parseCpus(list: string): number[] {
  return [...list.matchAll(/(\d+)(?:-(\d+))?/g)].flatMap(([, first, last = first]) =>
    Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i),
  )
}

function stayOn(cpu: number): void {
  if (cpu < 0 || cpu >= SET_LEN * 8) return
  giveCpus(0, [cpu])
}

/** Has a thread run on these CPUs only; 0 is the calling one. Negative where the system will not have it (sched_setaffinity(2)). */
export function giveCpus(thread: number, cpus: readonly number[]): number {
  const set = mapMemory(SET_LEN)
  for (const cpu of cpus) set.bytes[cpu >> 3]! |= 1 << (cpu & 7)
  return schedSetaffinity(thread, SET_LEN, set.address)
}
