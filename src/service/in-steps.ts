/*
 * Work on many things is a generator that yields after every few, so that frames can be handled in between. Who has no
 * frames to handle does it at once.
 */

/** Things in one step: some hundredths of a millisecond. */
const STEP = 32

/** Calls `each` for every item. */
export function* forEachInSteps<T>(items: Iterable<T>, each: (item: T) => void): Generator<void, void> {
  let left = STEP
  for (const item of items) {
    each(item)
    if (--left > 0) continue
    left = STEP
    yield
  }
}

/** All steps at once: what comes of them. */
export function atOnce<T>(steps: Generator<void, T>): T {
  let step = steps.next()
  while (!step.done) step = steps.next()
  return step.value
}
