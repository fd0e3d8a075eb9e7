import type { Director } from '../../../director/director.js'
import { readFilter } from '../../../filter/filter.js'
import { FilterError } from '../../../filter/words.js'
import type { explain as shapes } from '../../protocol/explain.js'
import { Refused } from '../../protocol/refusal.js'
import type { OperationsOf } from '../operation.js'
import { LiveWatch, ONE_ANSWER } from './live-watch.js'

/** The watch of each director. */
const watches = new WeakMap<Director, LiveWatch>()

export const explain = {
  watch: {
    tellsNoCounts: true,
    run(director, { filter, count, flows }) {
      const takes = filterOf(filter)
      const before = watches.get(director)
      if (before && !before.isOver) throw new Refused('EBUSY', 'somebody watches packets already')
      watches.set(director, new LiveWatch(director, takes, count, flows))
      return null
    },
  },
  watched: {
    tellsNoCounts: true,
    *steps(director) {
      const watch = watches.get(director)
      const leavesFlows = watch?.leavesFlows === true
      const explanations = watch ? yield* watch.take(ONE_ANSWER) : []
      const isOver = watch === undefined || (watch.isOver && watch.isTold)
      if (isOver) unwatch(director)
      return { explanations, isOver, ...(leavesFlows && { leavesFlows }) }
    },
    merge: all => ({
      explanations: all.flatMap(({ explanations }) => explanations).toSorted((one, other) => one.at - other.at),
      isOver: all.every(({ isOver }) => isOver),
      ...(all.some(({ leavesFlows }) => leavesFlows) && { leavesFlows: true }),
    }),
  },
  unwatch: {
    tellsNoCounts: true,
    run(director) {
      unwatch(director)
      return null
    },
  },
} satisfies OperationsOf<keyof typeof shapes>

function unwatch(director: Director): void {
  watches.get(director)?.end()
  watches.delete(director)
}
function filterOf(text: string): ReturnType<typeof readFilter> {
  try {
    return readFilter(text)
  } catch (error) {
    if (error instanceof FilterError) throw new Refused('EINVAL', error.message)
    throw error
  }
}
