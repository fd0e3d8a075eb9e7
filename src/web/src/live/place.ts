import { parseRoute, searchText, type Route } from '../pure/routes.ts'
import { Store } from './store.ts'

/* Where the reader is: the address bar, by the history API. */

export const place = new Store<Route>(parseRoute(location.pathname, location.search))

export function startPlace(): void {
  addEventListener('popstate', look)
  document.addEventListener('click', followLink)
}

/** `mark`: kept with the entry of the history; a view that is only changed keeps its own. */
export function go(path: string, how: 'push' | 'replace' = 'push', mark: string | null = null): void {
  if (how === 'push') history.pushState(mark, '', path)
  else history.replaceState(history.state, '', path)
  look()
  if (how === 'push') {
    scrollTo(0, 0)
    // A reader of the screen is told of the new page.
    document.querySelector<HTMLElement>('main h1')?.focus({ preventScroll: true })
  }
}

/** Changes the view's query and leaves the rest; an empty value takes its name away. */
export function setQuery(changes: Readonly<Record<string, string>>): void {
  const query = Object.fromEntries(new URLSearchParams(location.search))
  go(location.pathname + searchText({ ...query, ...changes }), 'replace')
}

function look(): void {
  place.set(parseRoute(location.pathname, location.search))
}

/** Links of ours stay on the page; with a modifier, or elsewhere, the browser does as ever. */
function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return
  const link = event.target instanceof Element ? event.target.closest('a') : null
  if (!link || link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin) return
  if (/^\/(api\/|metrics|healthz)/.test(link.pathname)) return
  event.preventDefault()
  go(link.pathname + link.search)
}
