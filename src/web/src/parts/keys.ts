import { go } from '../live/place.ts'
import { pagePath, type PageName } from '../pure/routes.ts'

/** `g`, then one of these. */
export const PAGE_KEYS: Readonly<Record<string, PageName>> = {
  o: 'overview',
  s: 'services',
  c: 'connections',
  d: 'drops',
  p: 'path',
  r: 'redundancy',
  e: 'settings',
  t: 'try',
}
const CHORD_MS = 1200

/** `/` to the search, `?` for help, `g o` and its like to a page. Returns what ends it. */
export function followKeys({ help }: { help: () => void }): () => void {
  let chordAt = -Infinity
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    if (document.querySelector('dialog[open]')) return
    const page = PAGE_KEYS[event.key]
    if (page && performance.now() - chordAt < CHORD_MS) go(pagePath(page))
    else if (event.key === '/') search(event)
    else if (event.key === '?') help()
    chordAt = event.key === 'g' ? performance.now() : -Infinity
  }
  addEventListener('keydown', onKey)
  return () => removeEventListener('keydown', onKey)
}

/** The page's own search field; from a page without one, that of the services. */
function search(event: KeyboardEvent): void {
  event.preventDefault()
  if (!focusSearch()) {
    go(pagePath('services'))
    requestAnimationFrame(focusSearch)
  }
}
function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>('main input[type=search]')
  field?.focus()
  field?.select()
  return field !== null
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}
