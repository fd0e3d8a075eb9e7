import { parsed } from '../pure/parsed.ts'
import { refusalOf } from './api.ts'
import { History } from './history.ts'
import { Store } from './store.ts'
import { liveAddress, type Asked, type Tick } from './tick.ts'

/* The one stream of a page. It opens again by itself, and says how old the figures are. */

export type LinkState = 'connecting' | 'live' | 'stale' | 'lost'

/** Ticks come each second: two missing ones show. */
const STALE_MS = 3500
const AGAIN_MS = [500, 1000, 2000, 5000] as const
/** Ten minutes. */
const KEPT = 600

export const tick = new Store<Tick | undefined>(undefined)
export const linkState = new Store<LinkState>('connecting')
/** Why the director does not tell what the address of the page asks for; '': it does, or does not answer at all. */
export const refusal = new Store('')
export const history = new History(KEPT)

/** What the last tick was asked for. */
export let answered: Asked = 'none'
let asked: Asked = 'none'
let source: EventSource | undefined
let lastAt = 0
let openedAt = 0
let failures = 0
let again: ReturnType<typeof setTimeout> | undefined

export function startLive(first: Asked): void {
  asked = first
  if (document.visibilityState !== 'hidden') open()
  setInterval(watchAge, 500)
  addEventListener('online', () => {
    if (document.visibilityState !== 'hidden') open()
  })
  document.addEventListener('visibilitychange', () => {
    // A page that nobody sees asks nothing: ten open ones cost what one does.
    if (document.visibilityState === 'hidden') close()
    else open()
  })
}

/** Asks for other services from now on. */
export function askServices(next: Asked): void {
  if (liveAddress(next) === liveAddress(asked)) return
  asked = next
  refusal.set('')
  if (document.visibilityState !== 'hidden') open()
}

function open(): void {
  close()
  openedAt = performance.now()
  const of = asked
  const opened = new EventSource(liveAddress(of))
  source = opened
  opened.addEventListener('tick', event => {
    if (source !== opened) return
    answered = of
    take(parsed<Tick>((event as MessageEvent<string>).data))
  })
  // The stream is there, and the director behind it does not answer.
  opened.addEventListener('trouble', () => linkState.set(tick.value ? 'stale' : 'connecting'))
  opened.addEventListener('error', () => {
    if (source !== opened) return
    close()
    linkState.set(tick.value ? 'lost' : 'connecting')
    again = setTimeout(open, AGAIN_MS[Math.min(failures++, AGAIN_MS.length - 1)])
    void tellRefusal(of)
  })
}

/** A stream does not say why it was refused: the same, asked for plainly, does. */
async function tellRefusal(of: Asked): Promise<void> {
  const why = await refusalOf(liveAddress(of))
  if (of === asked) refusal.set(why)
}

function close(): void {
  clearTimeout(again)
  source?.close()
  source = undefined
}

function take(next: Tick): void {
  failures = 0
  refusal.set('')
  lastAt = performance.now()
  const before = tick.value
  // Two streams overlap when another window is asked for; a director that began anew has other figures.
  if (before && next.director.upS + 1 < before.director.upS) history.clear()
  if (!before || next.at > before.at) history.add(next.at, seriesOf(next))
  linkState.set('live')
  tick.set(next)
}

function seriesOf({ totals, connections, drops }: Tick): Record<string, number> {
  return { ...totals.rates, open: connections.open, drops: drops.reduce((sum, { rate }) => sum + rate, 0) }
}

function watchAge(): void {
  // Of a page that comes in sight again the stream has but begun.
  const since = Math.max(lastAt, openedAt)
  if (linkState.value === 'live' && source && performance.now() - since > STALE_MS) linkState.set('stale')
}

/** Since the last tick. */
export function ageMs(): number {
  return lastAt === 0 ? 0 : performance.now() - lastAt
}
