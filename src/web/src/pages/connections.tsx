import { useEffect, useState } from 'preact/hooks'
import type { ConnectionInfo } from '../../../control/protocol/api.ts'
import { collectConnections, type Collected } from '../live/connection-pages.ts'
import { askServices, tick } from '../live/live.ts'
import { go, setQuery } from '../live/place.ts'
import { useStore } from '../live/store.ts'
import { usePolled } from '../live/use.ts'
import { Empty, Failed, Head, HeadRow, Waiting, Wide } from '../parts/bits.tsx'
import { ExportButtons, type Table } from '../parts/export.tsx'
import { SearchField } from '../parts/search.tsx'
import { flowOf, parseFlow, watchedFlowOf } from '../pure/flow.ts'
import { duration, percent, whole } from '../pure/format.ts'
import { endpoint } from '../pure/service-name.ts'
import { T } from '../texts.ts'
import { ExplainCard } from './explain.tsx'

export function ConnectionsPage({ query }: { query: URLSearchParams }) {
  const now = useStore(tick)
  const search = query.get('search') ?? ''
  const flow = query.get('flow') ?? ''
  const from = Math.max(0, Math.trunc(Number(query.get('from')))) || 0
  useEffect(() => askServices('none'), [])
  const open = now?.connections
  return (
    <>
      <Head
        title={T.pages.connections}
        sub={open && T.connections.count(whole(open.open), whole(open.capacity), percent(open.open / open.capacity))}
      >
        <SearchField
          label={T.connections.search}
          value={search}
          change={text => setQuery({ search: text, from: '' })}
        />
      </Head>
      <p class="note">{T.connections.hint}</p>
      {flow !== '' && <ExplainCard key={flow} flow={parseFlow(flow)} />}
      <Found key={`${search} ${from}`} search={search} from={from} flow={flow} />
    </>
  )
}

function Found({ search, from, flow }: { search: string; from: number; flow: string }) {
  const [round, setRound] = useState(0)
  const { value, error } = usePolled(signal => collectConnections(search, from, signal), [search, from, round])
  if (error) return <Failed message={error} />
  if (!value) return <Waiting />
  return (
    <>
      <div class="line">
        <span>{T.connections.found(whole(value.rows.length))}</span>
        <span class="grow" />
        <ExportButtons name="connections" make={() => asTable(value)} />
        <button type="button" class="small" onClick={() => setRound(round + 1)}>
          {T.connections.again}
        </button>
      </div>
      {value.rows.length === 0 ? (
        <Empty>
          {value.next !== null ? T.connections.noneYet : search === '' ? T.connections.empty : T.connections.none}
        </Empty>
      ) : (
        <Rows rows={value.rows} flow={flow} />
      )}
      <div class="actions left">
        {from > 0 && (
          <button type="button" onClick={pageBefore}>
            {hasPageBefore() ? T.connections.before : T.connections.first}
          </button>
        )}
        {value.next !== null && (
          <button type="button" onClick={() => go(nextPage(value.next!), 'push', NEXT_PAGE)}>
            {T.connections.more}
          </button>
        )}
      </div>
    </>
  )
}

/** Of the browser's history: the entry before is the page before. Whoever came by a link has none. */
const NEXT_PAGE = 'next page'
function hasPageBefore(): boolean {
  return history.state === NEXT_PAGE
}
function pageBefore(): void {
  if (hasPageBefore()) history.back()
  else setQuery({ from: '' })
}

function nextPage(from: number): string {
  const query = new URLSearchParams(location.search)
  query.set('from', String(from))
  return `/connections?${query}`
}

function Rows({ rows, flow }: { rows: readonly ConnectionInfo[]; flow: string }) {
  return (
    <Wide label={T.pages.connections}>
      <table class="plain rows">
        <HeadRow columns={T.connections.columns} />
        <tbody>
          {rows.map(row => (
            <Row key={flowOf(row) + row.state} row={row} isChosen={watchedFlowOf(row) === flow} />
          ))}
        </tbody>
      </table>
    </Wide>
  )
}

function Row({ row, isChosen }: { row: ConnectionInfo; isChosen: boolean }) {
  const { protocol, state, expires, caddr, cport, vaddr, vport, daddr, dport, laddr, lport } = row
  const canBeWatched = protocol !== 'ip' && cport !== 0
  const choose = (): void => setQuery({ flow: watchedFlowOf(row) })
  return (
    <tr class={isChosen ? 'chosen' : undefined}>
      <td>
        {canBeWatched ? (
          <button type="button" class="link" onClick={choose} title={T.explain.choose}>
            {endpoint({ address: caddr, port: cport })}
          </button>
        ) : (
          endpoint({ address: caddr, port: cport })
        )}
      </td>
      <td>{protocol.toUpperCase()}</td>
      <td>{duration(expires)}</td>
      <td>{state}</td>
      <td>{endpoint({ address: vaddr, port: vport })}</td>
      <td>{laddr === undefined ? '' : endpoint({ address: laddr, port: lport ?? 0 })}</td>
      <td>{endpoint({ address: daddr, port: dport })}</td>
    </tr>
  )
}

function asTable({ rows }: Collected): Table {
  const columns = ['pro', 'expire', 'state', 'source', 'virtual', 'local', 'destination']
  const cells = rows.map(row => [
    row.protocol,
    row.expires,
    row.state,
    endpoint({ address: row.caddr, port: row.cport }),
    endpoint({ address: row.vaddr, port: row.vport }),
    row.laddr === undefined ? '' : endpoint({ address: row.laddr, port: row.lport ?? 0 }),
    endpoint({ address: row.daddr, port: row.dport }),
  ])
  return { columns, rows: cells, json: rows }
}
