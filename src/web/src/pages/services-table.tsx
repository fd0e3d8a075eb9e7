import { useMemo } from 'preact/hooks'
import type { DestinationInfo } from '../../../control/protocol/api.ts'
import type { ServiceRow, ServicesWindow, SortColumn } from '../live/tick.ts'
import { Bar } from '../parts/bits.tsx'
import { shown, type Column } from '../pure/columns.ts'
import { percent } from '../pure/format.ts'
import { serviceRoute } from '../pure/routes.ts'
import { endpoint, serviceName, servicePath } from '../pure/service-name.ts'
import { shareOf, sumsOf, wantedShare, type Sums } from '../pure/sums.ts'
import type { Heights } from '../pure/virtual-rows.ts'
import { T } from '../texts.ts'

/** Fixed, so that columns stand still while rows come and go. */
export function ColumnWidths({ columns }: { columns: readonly Column[] }) {
  return (
    <colgroup>
      <col class="col-name" />
      <col class="col-share" />
      {columns.map(({ id }) => (
        <col key={id} class={id === 'forward' ? 'col-forward' : 'col-number'} />
      ))}
    </colgroup>
  )
}

interface HeadProps {
  columns: readonly Column[]
  sort: SortColumn | ''
  order: 'asc' | 'desc'
  sortBy: (sort: SortColumn) => void
}

export function TableHead({ columns, sort, order, sortBy }: HeadProps) {
  const head = (label: string, by: SortColumn | undefined, isNumber: boolean, title?: string) => (
    <th
      scope="col"
      key={label}
      title={title}
      class={isNumber ? 'num' : undefined}
      aria-sort={by && by === sort ? (order === 'asc' ? 'ascending' : 'descending') : undefined}
    >
      {by ? (
        <button type="button" class="sort" onClick={() => sortBy(by)}>
          {label}
        </button>
      ) : (
        label
      )}
    </th>
  )
  return (
    <thead>
      <tr>
        {head(T.services.name, 'service', false)}
        {head(T.services.share, 'ready', false)}
        {columns.map(column =>
          column.id === 'forward'
            ? head(column.label, column.sort, false, T.services.forwardTitle)
            : head(column.label, column.sort, true),
        )}
      </tr>
    </thead>
  )
}

interface RowsProps {
  services: ServicesWindow
  first: number
  count: number
  columns: readonly Column[]
  heights: Heights
  areServersShown: boolean
  /** By the service's path. */
  hazards: ReadonlyMap<string, number>
}

export function ServiceRows({ services, first, count, columns, heights, areServersShown, hazards }: RowsProps) {
  const items = Array.from({ length: Math.min(count, services.matched - first) }, (_, at) => first + at)
  return (
    <>
      {items.map(item => {
        const service = services.rows[item - services.first]
        if (!service) return <Unknown key={item} height={heights.of(item)} />
        return (
          <OneService
            key={serviceRoute(service)}
            service={service}
            columns={columns}
            areServersShown={areServersShown}
            hazards={hazards.get(servicePath(service)) ?? 0}
          />
        )
      })}
    </>
  )
}

/** Asked for, and not here yet. */
function Unknown({ height }: { height: number }) {
  return (
    <tbody>
      <tr style={{ height: `${height}px` }}>
        <td class="sub">…</td>
      </tr>
    </tbody>
  )
}

interface ServiceProps {
  service: ServiceRow
  columns: readonly Column[]
  areServersShown: boolean
  hazards: number
}

/** Made once a tick: while the box scrolls, rows in sight stay what they are. */
function OneService(props: ServiceProps) {
  const { service, columns, areServersShown, hazards } = props
  return useMemo(() => rowsOf(props), [service, columns, areServersShown, hazards])
}

function rowsOf({ service, columns, areServersShown, hazards }: ServiceProps) {
  const sums = sumsOf(service)
  return (
    <tbody>
      <tr class="service">
        <th scope="row">
          <span class="named">
            <a href={serviceRoute(service)} title={serviceName(service)}>
              {serviceName(service)}
            </a>
            {hazards > 0 && (
              <span class="tag state-mixed mark" title={T.lint.found(hazards)}>
                {T.lint.mark(hazards)}
              </span>
            )}
          </span>
        </th>
        <td>
          <Usable sums={sums} count={service.servers} />
        </td>
        {columns.map(column => (
          <Cell key={column.id} column={column} value={column.ofService(service)} />
        ))}
      </tr>
      {areServersShown &&
        service.destinations.map(server => (
          <OneServer key={endpoint(server)} server={server} service={service} sums={sums} columns={columns} />
        ))}
    </tbody>
  )
}

function Usable({ sums, count }: { sums: Sums; count: number }) {
  const tone = sums.usable === 0 ? 'bad' : sums.usable < count ? 'warn' : 'good'
  return <span class={`usable ${tone}`}>{T.services.usable(sums.usable, count)}</span>
}

interface ServerProps {
  server: DestinationInfo
  service: ServiceRow
  sums: Sums
  columns: readonly Column[]
}

function OneServer({ server, service, sums, columns }: ServerProps) {
  const share = shareOf(server, service, sums)
  return (
    <tr class={server.weight === 0 ? 'server quiet' : 'server'}>
      <th scope="row">
        <span aria-hidden="true">→ </span>
        {endpoint(server)}
      </th>
      <td class="share" title={T.services.shareTitle(percent(share), percent(wantedShare(server, sums)))}>
        <Bar share={share} tone={server.weight === 0 ? 'idle' : 'plain'} />
        <span>{percent(share)}</span>
      </td>
      {columns.map(column => (
        <Cell
          key={column.id}
          column={column}
          value={column.ofServer(server)}
          {...(column.id === 'forward' && { title: T.forms[server.method] })}
        />
      ))}
    </tr>
  )
}

function Cell({ column, value, title }: { column: Column; value: number | string; title?: string }) {
  return (
    <td
      class={column.id === 'forward' ? 'forward' : 'num'}
      title={title ?? (typeof value === 'string' || value >= 1000 ? String(value) : undefined)}
    >
      {shown(column, value)}
    </td>
  )
}
