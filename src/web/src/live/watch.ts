import { useEffect, useState } from 'preact/hooks'
import type { Explanation } from '../../../control/protocol/explain.ts'
import { messageOf } from '../pure/message.ts'
import { ApiError, read } from './api.ts'
import { whenFree } from './when-free.ts'

export interface Watched {
  explanations: Explanation[]
  /** The director holds the watch: packets from now on are explained. */
  isBegun: boolean
  isOver: boolean
  /** The program in the kernel forwards too many of its flows: their packets do not come up. */
  leavesFlows?: boolean
  error?: string
}

/** So often the director is asked; a watch that is not asked for ten seconds ends. */
const ASK_MS = 700
const LEFT_MS = 11_000
const NOT_BEGUN: Watched = { explanations: [], isBegun: false, isOver: false }

/** A client of the director has one watch: the next one begins when this one has ended. */
let last: Promise<unknown> = Promise.resolve()

/** Explains the next packets that a filter takes, while the part that shows them is there. */
export function useWatch(filter: string, count: number, round: number): Watched {
  const [watched, set] = useState<Watched>(NOT_BEGUN)
  useEffect(() => {
    let isGone = false
    let timer: ReturnType<typeof setTimeout> | undefined
    set(NOT_BEGUN)
    const fail = (error: unknown): void => {
      if (!isGone) set(before => ({ ...before, isOver: true, error: messageOf(error) }))
    }
    const look = async (): Promise<void> => {
      const { explanations, isOver, leavesFlows = false } = await read<'watched'>({ op: 'watched' })
      if (isGone) return
      set(before => ({
        explanations: [...before.explanations, ...explanations],
        isBegun: true,
        isOver,
        leavesFlows: before.leavesFlows || leavesFlows,
      }))
      if (!isOver) timer = setTimeout(() => void look().catch(fail), ASK_MS)
    }
    const beginNext = (): Promise<boolean> => begin(filter, count, () => isGone)
    const begun = last.then(beginNext, beginNext)
    begun.then(isMine => (isMine && !isGone ? look() : undefined)).catch(fail)
    return () => {
      isGone = true
      clearTimeout(timer)
      last = begun.then(isMine => (isMine ? read<'unwatch'>({ op: 'unwatch' }) : undefined)).catch(ignored)
    }
  }, [filter, count, round])
  return watched
}

/** Whether it has begun: not if it is not wanted any more. The watch of a page that was loaded again ends by itself, so it waits for that. */
async function begin(filter: string, count: number, isGone: () => boolean): Promise<boolean> {
  const patience = { everyMs: ASK_MS, forMs: LEFT_MS, isWanted: () => !isGone() }
  return (await whenFree(() => read<'watch'>({ op: 'watch', filter, count }), patience)) !== undefined
}

/** A watch that has ended already cannot be ended. */
function ignored(error: unknown): void {
  if (!(error instanceof ApiError)) throw error
}
