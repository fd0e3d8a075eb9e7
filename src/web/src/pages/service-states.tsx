import type { ServiceKey } from '../../../control/protocol/api.ts'
import { countStates } from '../live/connection-states.ts'
import { usePolled } from '../live/use.ts'
import { Bar, Card, Empty, Failed, Waiting } from '../parts/bits.tsx'
import { whole } from '../pure/format.ts'
import { pagePath } from '../pure/routes.ts'
import { serviceSearch } from '../pure/connection-search.ts'
import { T } from '../texts.ts'

const EVERY_MS = 5000

/** Its connections by state, of the connection table. */
export function StatesCard({ service }: { service: ServiceKey }) {
  // Connections of a mark cannot be told from others of its addresses.
  return serviceSearch(service) === '' ? null : <States service={service} />
}

function States({ service }: { service: ServiceKey }) {
  const { value, error } = usePolled(signal => countStates(service, signal), [], EVERY_MS)
  const search = serviceSearch(service)
  return (
    <Card title={T.service.states} tools={<a href={pagePath('connections', { search })}>{T.service.seeConnections}</a>}>
      {error && <Failed message={error} />}
      {!value && !error && <Waiting />}
      {value && value.states.length === 0 && <Empty>{T.service.noConnections}</Empty>}
      <ul class="busiest">
        {value?.states.map(([state, count]) => (
          <li key={state}>
            <span>{state}</span>
            <span class="num">{whole(count)}</span>
            <Bar share={count / Math.max(1, value.seen)} />
          </li>
        ))}
      </ul>
      {value && !value.isAll && <p class="note">{T.service.statesPartly(whole(value.seen))}</p>}
    </Card>
  )
}
