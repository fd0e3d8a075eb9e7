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
  const cpus = parseCpus(
    /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync('/proc/thread-self/status', 'latin1'))?.[1] ?? '',
  )
  if (cpus.length > 0) stayOn(cpus[n % cpus.length]!)
}

/** '0-2,5' → 0, 1, 2, 5 (cpuset(7), list format). */
export function parseCpus(list: string): number[] {
  return [...list.matchAll(/(\d+)(?:-(\d+))?/g)].flatMap(([, first, last = first]) =>
    Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => Number(first) + i),
  )
}

function stayOn(cpu: number): void {
  if (cpu < 0 || cpu >= SET_LEN * 8) return
  const set = mapMemory(SET_LEN)
  set.bytes[cpu >> 3] = 1 << (cpu & 7)
  schedSetaffinity(0, SET_LEN, set.address)
}
