import { SORT_COLUMNS, type ServicesAsked, type SortColumn } from '../live/tick.ts'
import { isView, type ViewName } from './columns.ts'
import { askedWindow } from './virtual-rows.ts'

/** The list of services as its address says it. */
export interface ServicesView {
  view: ViewName
  sort: SortColumn | ''
  order: 'asc' | 'desc'
  filter: string
  areServersShown: boolean
}

export function viewOf(query: URLSearchParams): ServicesView {
  const view = query.get('view') ?? ''
  const sort = SORT_COLUMNS.find(name => name === query.get('sort')) ?? ''
  return {
    view: isView(view) ? view : 'live',
    sort,
    order: query.get('order') === 'asc' ? 'asc' : 'desc',
    filter: query.get('filter') ?? '',
    areServersShown: query.get('servers') !== 'hidden',
  }
}

/** As in style/pages.css. */
export const ROW_HEIGHT = 30
/** Rows beyond what is in sight, in pixels. */
export const SPARE = 400
/** What the box of the list is taken to be tall until it is there, in pixels. */
export const GUESSED_BOX = 800
/** Services at a time that are asked for, in steps. */
const STEP = 40

/** How tall a service is that has not been seen yet. */
export function guessedHeight({ areServersShown }: ServicesView): number {
  return ROW_HEIGHT * (areServersShown ? 3 : 1)
}

/** What to ask for, so that these items of the list can be shown. */
export function askedFor({ sort, order, filter }: ServicesView, first: number, count: number): ServicesAsked {
  return { ...askedWindow(first, count, STEP), sort, order, filter }
}

/** What to ask for before anything of the list is known. */
export function askedAtFirst(view: ServicesView): ServicesAsked {
  return askedFor(view, 0, Math.ceil((GUESSED_BOX + SPARE) / guessedHeight(view)))
}
