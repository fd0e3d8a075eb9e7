import { useEffect, useState } from 'preact/hooks'
import { messageOf } from '../pure/message.ts'

export interface Asked<T> {
  value?: T
  error?: string
}

/** Asks at once, and again each `everyMs` while the page is in sight; a tab opened behind others asks when it comes before them. The last value stays while an error shows. */
export function usePolled<T>(
  make: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[],
  everyMs = 0,
): Asked<T> {
  const [asked, set] = useState<Asked<T>>({})
  useEffect(() => {
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let isMissed = false
    set({})
    const look = async (): Promise<void> => {
      isMissed = document.visibilityState === 'hidden'
      if (isMissed) return
      try {
        const value = await make(abort.signal)
        if (!abort.signal.aborted) set({ value })
      } catch (error) {
        if (!abort.signal.aborted) set(before => ({ ...before, error: messageOf(error) }))
      }
      if (everyMs > 0 && !abort.signal.aborted) timer = setTimeout(look, everyMs)
    }
    const onSight = (): void => {
      if (isMissed) void look()
    }
    document.addEventListener('visibilitychange', onSight)
    void look()
    return () => {
      abort.abort()
      clearTimeout(timer)
      document.removeEventListener('visibilitychange', onSight)
    }
  }, keys)
  return asked
}
