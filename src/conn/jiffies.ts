/** A timer tick of the recorded kernel: HZ = 100. */
export const JIFFY_MS = 10
export const HZ = 1000 / JIFFY_MS

/** A moment on the connections' clock, in jiffies. It wraps at 32 bits like the kernel's. Spans of time are plain numbers. */
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
