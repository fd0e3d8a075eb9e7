import { useEffect, useState } from 'preact/hooks'
import { read } from '../live/api.ts'
import { askServices, tick } from '../live/live.ts'
import { useStore } from '../live/store.ts'
import { usePolled } from '../live/use.ts'
import { Card, Failed, Head, Waiting, Wide } from '../parts/bits.tsx'
import { CopyButton } from '../parts/copy.tsx'
import { ExportButtons } from '../parts/export.tsx'
import { SearchField } from '../parts/search.tsx'
import { duration } from '../pure/format.ts'
import { T } from '../texts.ts'

export function SettingsPage() {
  const now = useStore(tick)
  useEffect(() => askServices('none'), [])
  const director = now?.director
  return (
    <>
      <Head
        title={T.pages.settings}
        sub={director && T.settings.sub(director.version, director.node, director.pid, director.workers)}
      />
      <Timeouts />
      <Sysctls />
    </>
  )
}

function Timeouts() {
  const { value, error } = usePolled(signal => read<'timeouts'>({ op: 'timeouts' }, signal), [])
  return (
    <Card title={T.settings.timeouts}>
      {error && <Failed message={error} />}
      {!value && !error && <Waiting />}
      {value && (
        <dl class="pairs">
          {(
            [
              ['TCP', value.tcp],
              ['TCP FIN', value.tcpfin],
              ['UDP', value.udp],
            ] as const
          ).map(([name, seconds]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{duration(seconds)}</dd>
            </div>
          ))}
        </dl>
      )}
    </Card>
  )
}

function Sysctls() {
  const { value, error } = usePolled(signal => read<'sysctls'>({ op: 'sysctls' }, signal), [])
  const [search, setSearch] = useState('')
  const rows = value?.filter(([name]) => name.includes(search.toLowerCase())) ?? []
  const tools = (
    <span class="tools">
      <SearchField label={T.settings.search} value={search} change={setSearch} />
      <ExportButtons
        name="sysctls"
        make={() => ({ columns: ['name', 'value'], rows, json: Object.fromEntries(rows) })}
      />
    </span>
  )
  return (
    <Card title="sysctl net.ipv4.vs" tools={tools}>
      {error && <Failed message={error} />}
      <Wide label="sysctl">
        <table class="plain rows">
          <tbody>
            {rows.map(([name, text]) => (
              <tr key={name}>
                <th scope="row" class="mono">
                  {name}
                </th>
                <td class="mono">{text}</td>
                <td class="num">
                  <CopyButton text={`uvs sysctl ${name}=${text}`} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </Card>
  )
}
