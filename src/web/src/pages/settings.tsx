import { useEffect, useRef } from 'preact/hooks'
import type { GivenInterface, KeepalivedRead, Settings } from '../../../control/dashboard/settings.ts'
import type { NeighbourShown, RouteShown } from '../../../control/protocol/api.ts'
import { settings } from '../live/api.ts'
import { askServices, tick } from '../live/live.ts'
import { setQuery } from '../live/place.ts'
import { useStore } from '../live/store.ts'
import { usePolled } from '../live/use.ts'
import { Card, Empty, Failed, Head, Waiting, Wide } from '../parts/bits.tsx'
import { Command, CopyButton } from '../parts/copy.tsx'
import { ExportButtons } from '../parts/export.tsx'
import { SearchField } from '../parts/search.tsx'
import { duration } from '../pure/format.ts'
import { sysctlCommand } from '../pure/uvsadm-line.ts'
import { T } from '../texts.ts'

const EVERY_MS = 10_000

export function SettingsPage({ query }: { query: URLSearchParams }) {
  const now = useStore(tick)
  useEffect(() => askServices('none'), [])
  const { value, error } = usePolled(settings, [], EVERY_MS)
  const director = now?.director
  return (
    <>
      <Head
        title={T.pages.settings}
        sub={director && T.settings.sub(director.version, director.node, director.pid, director.workers)}
      />
      {error && <Failed message={error} />}
      {!value && !error && <Waiting />}
      {value && (
        <>
          <div class="columns">
            <Timeouts timeouts={value.timeouts} />
            {value.options && <Lines title={T.settings.options} lines={value.options} none={T.settings.noOptions} />}
          </div>
          {value.interfaces && <Interfaces interfaces={value.interfaces} />}
          <div class="columns">
            <Lines title={T.settings.addresses} lines={value.addresses} none={T.settings.nothingGiven} />
            <Lines title={T.settings.routes} lines={value.routes} none={T.settings.nothingGiven} />
            <Lines title={T.settings.neighbours} lines={value.neighbours} none={T.settings.nothingGiven} />
            {value.changes?.length ? <Lines title={T.settings.changes} lines={value.changes} none="" /> : null}
          </div>
          <Network network={value.network} />
          {value.keepalived && <Keepalived keepalived={value.keepalived} />}
          <Sysctls sysctls={value.sysctls} search={query.get('search') ?? ''} />
        </>
      )}
    </>
  )
}

function Timeouts({ timeouts }: Pick<Settings, 'timeouts'>) {
  const { tcp, tcpfin, udp } = timeouts
  const rows = [
    ['TCP', tcp],
    ['TCP FIN', tcpfin],
    ['UDP', udp],
  ] as const
  return (
    <Card title={T.settings.timeouts}>
      <dl class="pairs">
        {rows.map(([name, seconds]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{duration(seconds)}</dd>
          </div>
        ))}
      </dl>
      <p class="note">{T.settings.howToSet}</p>
      <Command text={`uvsadm --set ${tcp} ${tcpfin} ${udp}`} />
    </Card>
  )
}

/** Text as it stands, a line each; nothing where the director does not say. */
function Lines({
  title,
  lines,
  none,
  more = 0,
}: {
  title: string
  lines: string[] | undefined
  none: string
  more?: number
}) {
  if (!lines) return null
  return (
    <Card title={title}>
      {lines.length === 0 ? (
        <Empty>{none}</Empty>
      ) : (
        <Wide label={title}>
          <pre class="lines">{lines.join('\n')}</pre>
        </Wide>
      )}
      {more > 0 && <p class="note">{T.settings.more(more)}</p>}
    </Card>
  )
}

function Interfaces({ interfaces }: { interfaces: GivenInterface[] }) {
  return (
    <Card title={T.settings.interfaces}>
      <Wide label={T.settings.interfaces}>
        <table class="plain rows">
          <tbody>
            {interfaces.map(({ name, kind, isBesideKernel, mac, mtu }) => (
              <tr key={name}>
                <th scope="row" class="mono whole">
                  {name}
                </th>
                <td>{kind}</td>
                <td>{isBesideKernel ? T.settings.beside : T.settings.alone}</td>
                <td class="mono">{mac}</td>
                <td>{T.settings.mtu(mtu)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </Card>
  )
}

/** As the director has it now. */
function Network({ network: { addresses, routes, neighbours } }: Pick<Settings, 'network'>) {
  return (
    <>
      <h2 class="part">{T.settings.now}</h2>
      <div class="columns">
        <Lines
          title={T.settings.addressesNow}
          lines={addresses.map(({ cidr, link }) => `${cidr} dev ${link}`)}
          none={T.settings.none}
        />
        <Lines
          title={T.settings.routesNow}
          lines={routes.rows.map(routeLine)}
          none={T.settings.none}
          more={routes.more}
        />
        <Lines
          title={T.settings.neighboursNow}
          lines={neighbours.rows.map(neighbourLine)}
          none={T.settings.noNeighbours}
          more={neighbours.more}
        />
      </div>
    </>
  )
}

/** As ip-route(8) and ip-neighbour(8) write them. */
function routeLine({ to, gateway, link, mtu, deadEnd, isKernels }: RouteShown): string {
  const kind = deadEnd === undefined || deadEnd === 'elsewhere' ? [] : [deadEnd]
  const way = [...(gateway ? ['via', gateway] : []), ...(link ? ['dev', link] : [])]
  const notes = [...(deadEnd === 'elsewhere' ? [T.settings.elsewhere] : []), ...(isKernels ? [T.settings.kernels] : [])]
  const size = mtu === undefined ? [] : ['mtu', mtu]
  return [...kind, to === '0.0.0.0/0' ? 'default' : to, ...way, ...size, ...notes].join(' ')
}
function neighbourLine({ address, link, mac, state }: NeighbourShown): string {
  return [address, 'dev', link, ...(mac ? ['lladdr', mac] : []), state].join(' ')
}

/** As it was read, when it was read: the file may have changed since. */
function Keepalived({ keepalived: { files, warnings } }: { keepalived: KeepalivedRead }) {
  return (
    <>
      <h2 class="part">{T.settings.keepalived}</h2>
      <Lines title={T.settings.warnings} lines={warnings} none={T.settings.noWarnings} />
      {files.map(({ name, text }) => (
        <Lines key={name} title={name} lines={text.split('\n')} none={T.settings.none} />
      ))}
    </>
  )
}

function Sysctls({ sysctls, search }: Pick<Settings, 'sysctls'> & { search: string }) {
  const top = useRef<HTMLDivElement>(null)
  // Who comes by a link that searches them is shown them: they are at the page's end.
  useEffect(() => {
    if (search !== '') top.current?.scrollIntoView({ block: 'end' })
  }, [])
  const rows = sysctls.filter(([name]) => name.includes(search.toLowerCase()))
  const tools = (
    <span class="tools">
      <SearchField label={T.settings.search} value={search} change={text => setQuery({ search: text })} />
      <ExportButtons
        name="sysctls"
        make={() => ({ columns: ['name', 'value'], rows, json: Object.fromEntries(rows) })}
      />
    </span>
  )
  return (
    <div ref={top}>
      <Card title="sysctl net.ipv4.vs" tools={tools}>
        <Wide label="sysctl">
          <table class="plain rows">
            <tbody>
              {rows.map(([name, text]) => (
                <tr key={name}>
                  <th scope="row" class="mono whole">
                    {name}
                  </th>
                  <td class="mono">{text}</td>
                  <td class="num">
                    <CopyButton text={sysctlCommand(name, text)} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      </Card>
    </div>
  )
}
