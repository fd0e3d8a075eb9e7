/** A timer tick, as the recorded kernel has it: HZ = 100. */
export const JIFFY_MS = 10
export const HZ = 1000 / JIFFY_MS

/** A moment on the connections' clock. It wraps in 32 bits, as the kernel's does. Spans of time are plain numbers of jiffies. */
export type Jiffies = number & { readonly __jiffies: true }

/** The moment of a time in ms. */
export function jiffiesAt(nowMs: number): Jiffies {
  return (Math.floor(nowMs / JIFFY_MS) | 0) as Jiffies
}
/** The moment `span` jiffies after another. */
export function after(moment: Jiffies, span: number): Jiffies {
  return ((moment + span) | 0) as Jiffies
}
/** Jiffies from `since` to `moment`; below 0: `moment` comes first. */
export function between(since: Jiffies, moment: Jiffies): number {
  return (moment - since) | 0
}
