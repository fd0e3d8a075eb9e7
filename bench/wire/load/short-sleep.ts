import koffi from 'koffi'

/** A wait shorter than this, in ms, is not slept: the system's overhead would be longer. */
const SHORTEST_MS = 0.02
const PR_SET_TIMERSLACK = 29

const libc = koffi.load(null)
const usleep = libc.func('int usleep(unsigned int microseconds)')
const prctl = libc.func('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)')

/** The thread's sleeps end on time. Linux may prolong one by 50 µs, unless the timer slack is set to 1 ns. */
export function wakeOnTime(): void {
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)
}

/** Sleeps so many ms, and keeps the thread. */
export function shortSleep(ms: number): void {
  if (ms > SHORTEST_MS) usleep(ms * 1000)
}
