import { mapMemory, schedGetcpu, schedSetaffinity } from './libc.js'

/** Octets of a cpu_set_t: 1024 CPUs. */
const SET_LEN = 128

/**
 * Keeps this thread on the CPU that it runs on, one of those it was given (taskset(1)). A frame that is sent joins its
 * CPU's own queue to the receiver: sent from two CPUs, frames of a connection would overtake each other. Where the
 * system will not have it, all goes on without.
 */
export function stayOnThisCpu(): void {
  const cpu: number = schedGetcpu()
  if (cpu < 0 || cpu >= SET_LEN * 8) return
  const set = mapMemory(SET_LEN)
  set.bytes[cpu >> 3] = 1 << (cpu & 7)
  schedSetaffinity(0, SET_LEN, set.address)
}
