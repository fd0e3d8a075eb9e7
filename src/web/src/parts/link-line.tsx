import { useEffect, useState } from 'preact/hooks'
import { ageMs, linkState, refusal, tick } from '../live/live.ts'
import { useStore } from '../live/store.ts'
import { clock, duration } from '../pure/format.ts'
import { T } from '../texts.ts'
import { Failed } from './bits.tsx'

/** Says how old the figures are when they are old. */
export function LinkLine() {
  const state = useStore(linkState)
  const now = useStore(tick)
  const why = useStore(refusal)
  const [, setBeat] = useState(0)
  const isFresh = state === 'live' || state === 'connecting'
  useEffect(() => {
    if (isFresh) return
    const beat = setInterval(() => setBeat(count => count + 1), 1000)
    return () => clearInterval(beat)
  }, [isFresh])
  if (why !== '') return <Failed message={why} />
  return (
    <div role="status" class="link-line">
      {!isFresh && (
        <p class="stale-line">
          {state === 'lost' ? T.link.lostLine : T.link.staleLine}{' '}
          {now && T.link.asOf(clock(now.at), duration(Math.round(ageMs() / 1000)))}
        </p>
      )}
    </div>
  )
}
