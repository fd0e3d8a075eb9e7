import { useEffect, useState } from 'preact/hooks'
import type { Explanation } from '../../../control/protocol/explain.ts'
import { messageOf } from '../pure/message.ts'
import { ApiError, read } from './api.ts'

export interface Watched {
  explanations: Explanation[]
  /** The director holds the watch: packets from now on are explained. */
  isBegun: boolean
  isOver: boolean
  error?: string
}

/** So often the director is asked; a watch that is not asked for ten seconds ends. */
const ASK_MS = 700
const NOT_BEGUN: Watched = { explanations: [], isBegun: false, isOver: false }

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
      const { explanations, isOver } = await read<'watched'>({ op: 'watched' })
      if (isGone) return
      set(before => ({ explanations: [...before.explanations, ...explanations], isBegun: true, isOver }))
      if (!isOver) timer = setTimeout(() => void look().catch(fail), ASK_MS)
    }
    const begun = read<'watch'>({ op: 'watch', filter, count }).then(() => (isGone ? undefined : look()))
    begun.catch(fail)
    return () => {
      isGone = true
      clearTimeout(timer)
      void begun.then(() => read<'unwatch'>({ op: 'unwatch' })).catch(ignored)
    }
  }, [filter, count, round])
  return watched
}

/** A watch that has ended already cannot be ended. */
function ignored(error: unknown): void {
  if (!(error instanceof ApiError)) throw error
}
