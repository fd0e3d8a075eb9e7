import type { FleetDirector, FleetShown } from '../../../control/dashboard/fleet.ts'
import { fleet } from '../live/api.ts'
import { usePolled } from '../live/use.ts'
import { Bar, Card, Failed, HeadRow, StateTag, Wide } from '../parts/bits.tsx'
import { Command } from '../parts/copy.tsx'
import { moment, perSecond, whole } from '../pure/format.ts'
import { T } from '../texts.ts'

const EVERY_MS = 3000

/** The directors that share rules in etcd; nothing where this one is in no fleet. */
export function Fleet({ nowMs }: { nowMs: number }) {
  const { value, error } = usePolled(fleet, [], EVERY_MS)
  const shown = value?.fleet
  if (!shown && error === undefined) return null
  return (
    <Card title={T.fleet.title}>
      {error !== undefined && <Failed message={error} />}
      {shown && <Directors fleet={shown} nowMs={nowMs} />}
      <Command text="uvs fleet status" />
    </Card>
  )
}

function Directors({
  fleet: { self, revision, written, directors, faults },
  nowMs,
}: {
  fleet: FleetShown
  nowMs: number
}) {
  const all = directors.reduce((sum, { known }) => sum + (known?.connections ?? 0), 0)
  return (
    <>
      <p class="sub">{T.fleet.revision(revision, written)}</p>
      {faults.length > 0 && (
        <ul class="alerts">
          {faults.map(fault => (
            <li key={fault} class="error">
              {fault}
            </li>
          ))}
        </ul>
      )}
      <Wide label={T.fleet.title}>
        <table class="plain rows">
          <HeadRow columns={T.fleet.columns} />
          <tbody>
            {directors.map(director => (
              <Director
                key={director.name}
                director={director}
                isSelf={director.name === self}
                newest={revision}
                all={all}
                nowMs={nowMs}
              />
            ))}
          </tbody>
        </table>
      </Wide>
    </>
  )
}

interface DirectorProps {
  director: FleetDirector
  isSelf: boolean
  newest: number
  /** Connections of all. */
  all: number
  nowMs: number
}

function Director({ director: { name, state, known }, isSelf, newest, all, nowMs }: DirectorProps) {
  return (
    <tr>
      <th scope="row">
        {name} {isSelf && <span class="sub">{T.fleet.self}</span>}
      </th>
      <td>
        <StateTag state={state} />
      </td>
      {known && (
        <>
          <td>{known.revision < newest ? T.fleet.lags(known.revision, newest) : known.revision}</td>
          <td>
            {whole(known.connections)} <Bar share={all === 0 ? 0 : known.connections / all} />
          </td>
          <td class="num">{perSecond(known.cps)}</td>
          <td class="num">{perSecond(known.inPps)}</td>
          <td>{T.fleet.rules(known.services, known.realServers, known.realServersDown)}</td>
          <td>{moment(Date.parse(known.since), nowMs)}</td>
          <td>{known.uvs}</td>
        </>
      )}
    </tr>
  )
}
