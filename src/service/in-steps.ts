/*
 * Work on many items is a generator that yields after every few, so that the director handles frames in between. A caller
 * without frames to handle uses `atOnce`.
 */

/** Items in one step: some hundredths of a millisecond. */
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

/** Runs all steps. Returns the generator's result. */
export function atOnce<T>(steps: Generator<void, T>): T {
  let step = steps.next()
  while (!step.done) step = steps.next()
  return step.value
}
