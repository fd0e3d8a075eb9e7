import type { Moved, MovedService } from '../../../control/dashboard/rules-work.ts'
import { percent, whole } from '../pure/format.ts'
import { T } from '../texts.ts'
import { Bar, Empty, HeadRow, Wide } from './bits.tsx'

/* How many flows a plan moves: of a sample of the connections of now, or of made-up clients. */

export function MovedFlows({ moved }: { moved: Moved }) {
  const { flows, services, openNow, open, again, rows, more } = moved
  if (flows === 0) return <Empty>{T.moved.none}</Empty>
  return (
    <section class="moved" aria-label={T.moved.title}>
      <h3>{T.moved.title}</h3>
      <p class="note">
        {openNow > 0
          ? T.moved.connections(whole(flows), whole(openNow), services)
          : T.moved.madeUp(whole(flows), services)}
      </p>
      {services > 1 && <Sums open={open} again={again} flows={flows} />}
      {rows.map(row => (
        <OneService key={row.service} row={row} isOdd={row.isMadeUp && openNow > 0} />
      ))}
      {more > 0 && <p class="note">{T.moved.more(more)}</p>}
    </section>
  )
}

function share(part: number, whole: number): string {
  return percent(whole === 0 ? 0 : part / whole)
}

function Sums({ open, again, flows }: Pick<Moved, 'open' | 'again' | 'flows'>) {
  return (
    <ul>
      <li>{T.moved.open(share(open.stay, flows), share(open.move, flows), share(open.break, flows))}</li>
      <li>{T.moved.again(share(again.same, flows), share(again.elsewhere, flows))}</li>
    </ul>
  )
}

/** `isOdd`: its clients are made up, those of others are not. */
function OneService({ row, isOdd }: { row: MovedService; isOdd: boolean }) {
  const { service, before, after, persistence, flows, open, again, servers } = row
  const scheduler = after || before
  return (
    <details open>
      <summary>
        <strong>{service}</strong> {before === after ? before : T.moved.becomes(before, after)}
      </summary>
      {isOdd && <p class="note">{T.moved.rowMadeUp(whole(flows))}</p>}
      <Sums open={open} again={again} flows={flows} />
      <p class="note">{T.moved.means(scheduler, persistence)}</p>
      <Wide label={T.moved.servers(service)}>
        <table class="plain rows">
          <HeadRow columns={T.moved.columns} />
          <tbody>
            {servers.map(({ server, before: was, after: is }) => (
              <tr key={server}>
                <th scope="row" class="whole">
                  {server}
                </th>
                <ShareCell part={was} of={flows} />
                <ShareCell part={is} of={flows} />
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </details>
  )
}

function ShareCell({ part, of }: { part: number; of: number }) {
  return (
    <td class="share-of">
      <Bar share={part / Math.max(1, of)} />
      <span>{share(part, of)}</span>
    </td>
  )
}
