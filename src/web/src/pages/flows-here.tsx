import type { OffloadHere } from '../../../control/protocol/api.ts'
import { read } from '../live/api.ts'
import { usePolled } from '../live/use.ts'
import { Card, Empty, Failed, Waiting, Wide } from '../parts/bits.tsx'
import { whole } from '../pure/format.ts'
import { T, WHY_HERE } from '../texts.ts'

/** The director looks at each connection to count them, for each browser. */
const EVERY_MS = 60_000

/** Why the program in the kernel does not forward these flows. */
export function FlowsHere() {
  const { value, error } = usePolled(signal => read<'offload'>({ op: 'offload' }, signal), [], EVERY_MS)
  return (
    <Card title={T.path.here} kind="flows-here">
      {error !== undefined && <Failed message={error} />}
      {value ? <Kinds here={value.here} /> : error === undefined && <Waiting />}
    </Card>
  )
}

function Kinds({ here }: { here: OffloadHere }) {
  const kinds = Object.entries(here).filter(([, count]) => count > 0) as [keyof OffloadHere, number][]
  if (kinds.length === 0) return <Empty>{T.path.noneHere}</Empty>
  const [flows, why] = T.path.hereColumns
  return (
    <Wide label={T.path.here}>
      <table class="plain rows">
        <thead>
          <tr>
            <th class="num">{flows}</th>
            <th>{why}</th>
          </tr>
        </thead>
        <tbody>
          {kinds.map(([kind, count]) => (
            <tr key={kind}>
              <td class="num">{whole(count)}</td>
              <td>{WHY_HERE[kind]}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  )
}
