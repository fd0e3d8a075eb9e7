import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { readServices } from '../live/all-services.ts'
import { admin } from '../live/admin.ts'
import { useHazards } from '../live/lint.ts'
import { answered, askServices, tick } from '../live/live.ts'
import { setQuery } from '../live/place.ts'
import { useStore } from '../live/store.ts'
import type { ServicesWindow, SortColumn } from '../live/tick.ts'
import { Empty, Head, Waiting } from '../parts/bits.tsx'
import { ExportButtons } from '../parts/export.tsx'
import { SearchField } from '../parts/search.tsx'
import { VIEWS, type ViewName } from '../pure/columns.ts'
import { whole } from '../pure/format.ts'
import { servicesAsTable } from '../pure/service-table.ts'
import {
  askedAtFirst,
  askedFor,
  GUESSED_BOX,
  guessedHeight,
  ROW_HEIGHT,
  SPARE,
  viewOf,
  type ServicesView,
} from '../pure/services-view.ts'
import { Heights } from '../pure/virtual-rows.ts'
import { T } from '../texts.ts'
import { AddServiceDialog } from './service-forms.tsx'
import { ColumnWidths, ServiceRows, TableHead } from './services-table.tsx'

export function ServicesPage({ query }: { query: URLSearchParams }) {
  const now = useStore(tick)
  const view = viewOf(query)
  const [isAdding, setAdding] = useState(false)
  const may = useStore(admin)
  // The table asks for what is in sight; before the first tick there is none.
  useEffect(() => {
    if (!now) askServices(askedAtFirst(view))
  }, [view.filter])
  return (
    <>
      <Head
        title={T.pages.services}
        sub={now && T.services.count(whole(now.services.matched), whole(now.services.total))}
      >
        <SearchField label={T.services.search} value={view.filter} change={filter => setQuery({ filter })} />
        <ViewChoice view={view} />
        <ExportButtons name="services" make={async () => servicesAsTable(await readServices())} />
        {may?.admin !== 'off' && (
          <button type="button" class="primary" onClick={() => setAdding(true)}>
            {T.services.add}
          </button>
        )}
      </Head>
      {now ? <ServicesTable view={view} services={now.services} /> : <Waiting />}
      {isAdding && <AddServiceDialog close={() => setAdding(false)} />}
    </>
  )
}

function ViewChoice({ view }: { view: ServicesView }) {
  return (
    <>
      <label class="inline">
        <span class="wide-only">{T.services.columns}</span>
        <select
          aria-label={T.services.columns}
          value={view.view}
          onChange={event => setQuery({ view: event.currentTarget.value === 'live' ? '' : event.currentTarget.value })}
        >
          {Object.keys(VIEWS).map(name => (
            <option key={name} value={name}>
              {T.services.views[name as ViewName]}
            </option>
          ))}
        </select>
      </label>
      <label class="inline">
        <input
          type="checkbox"
          checked={view.areServersShown}
          onChange={event => setQuery({ servers: event.currentTarget.checked ? '' : 'hidden' })}
        />
        {T.services.realServers}
      </label>
    </>
  )
}

function ServicesTable({ view, services }: { view: ServicesView; services: ServicesWindow }) {
  if (services.total === 0) return <Empty>{T.services.none}</Empty>
  if (services.matched === 0) return <Empty>{T.services.noneMatches}</Empty>
  return <ServicesBox view={view} services={services} />
}

function ServicesBox({ view, services }: { view: ServicesView; services: ServicesWindow }) {
  const hazards = useHazards()
  const box = useRef<HTMLDivElement>(null)
  const [scroll, setScroll] = useState<Scroll>({ top: 0, height: GUESSED_BOX, hasMore: false })
  const list = `${view.sort} ${view.order} ${view.filter} ${view.areServersShown}`
  const heights = useMemo(() => new Heights(services.matched, guessedHeight(view)), [list])
  heights.resize(services.matched)
  if (isOf(view) && learn(heights, services.first, services.rows, view.areServersShown)) heights.guessFromKnown()
  const range = heights.inSight(scroll.top, scroll.height, SPARE)
  const asked = askedFor(view, range.first, range.count)
  useEffect(() => askServices(asked), [asked.first, asked.count, list])
  useEffect(() => followScroll(box.current!, setScroll), [])
  useEffect(() => box.current?.scrollTo({ top: 0 }), [list])
  const columns = VIEWS[view.view]
  const sortBy = (sort: SortColumn): void => {
    const isAgain = view.sort === sort && view.order === 'desc'
    setQuery({ sort, order: isAgain ? 'asc' : 'desc' })
  }
  const below = range.height - range.top - sumOf(heights, range.first, range.count)
  return (
    <>
      {hazards.of.size < hazards.services && <p class="note">{T.lint.unmarked(hazards.of.size, hazards.services)}</p>}
      <div class={scroll.hasMore ? 'table-frame has-more' : 'table-frame'}>
        <div class="table-box" ref={box} tabIndex={0} role="region" aria-label={T.services.table}>
          <table class="services" style={{ '--numbers': columns.length - 1 }} aria-rowcount={services.matched}>
            <ColumnWidths columns={columns} />
            <TableHead columns={columns} sort={view.sort} order={view.order} sortBy={sortBy} />
            <Spacer height={range.top} />
            <ServiceRows
              services={services}
              first={range.first}
              count={range.count}
              columns={columns}
              heights={heights}
              areServersShown={view.areServersShown}
              hazards={hazards.of}
            />
            <Spacer height={below} />
          </table>
        </div>
      </div>
    </>
  )
}

function Spacer({ height }: { height: number }) {
  if (height <= 0) return null
  return (
    <tbody aria-hidden="true">
      <tr style={{ height: `${height}px` }} />
    </tbody>
  )
}

/** Whether the last tick was asked for so: for a moment it is still that of another order. */
function isOf({ sort, order, filter }: ServicesView): boolean {
  return (
    typeof answered === 'object' &&
    'first' in answered &&
    answered.sort === sort &&
    answered.order === order &&
    answered.filter === filter
  )
}

/** Takes over how tall services are. Returns whether anything was new. */
function learn(
  heights: Heights,
  first: number,
  rows: readonly { destinations: readonly unknown[] }[],
  areServersShown: boolean,
): boolean {
  let isNew = false
  for (const [at, { destinations }] of rows.entries()) {
    const lines = areServersShown ? 1 + destinations.length : 1
    if (heights.set(first + at, lines * ROW_HEIGHT)) isNew = true
  }
  return isNew
}

function sumOf(heights: Heights, first: number, count: number): number {
  let sum = 0
  for (let item = first; item < Math.min(first + count, heights.count); item++) sum += heights.of(item)
  return sum
}

interface Scroll {
  top: number
  height: number
  /** Columns out of sight, to the right. */
  hasMore: boolean
}

/** A state a frame, however often the box scrolls. */
function followScroll(box: HTMLElement, set: (scroll: Scroll) => void): () => void {
  let frame = 0
  const look = (): void => {
    frame = 0
    const hasMore = box.scrollLeft + box.clientWidth < box.scrollWidth - 1
    set({ top: box.scrollTop, height: box.clientHeight, hasMore })
  }
  const soon = (): void => {
    frame ||= requestAnimationFrame(look)
  }
  const watcher = new ResizeObserver(soon)
  watcher.observe(box)
  // Other columns make it wider.
  watcher.observe(box.querySelector('table')!)
  box.addEventListener('scroll', soon, { passive: true })
  return () => {
    watcher.disconnect()
    cancelAnimationFrame(frame)
    box.removeEventListener('scroll', soon)
  }
}
