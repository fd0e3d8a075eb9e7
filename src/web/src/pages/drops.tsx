import { useEffect } from 'preact/hooks'
import { askServices, tick } from '../live/live.ts'
import { useStore } from '../live/store.ts'
import type { DropRow } from '../live/tick.ts'
import { Advice } from '../parts/advice.tsx'
import { Card, Empty, Head, Waiting } from '../parts/bits.tsx'
import { Command } from '../parts/copy.tsx'
import { ExportButtons } from '../parts/export.tsx'
import { duration, perSecond, whole } from '../pure/format.ts'
import { serviceFromName } from '../pure/service-name.ts'
import { serviceRoute } from '../pure/routes.ts'
import { adviceOn, T } from '../texts.ts'

/** Why frames went no further. */
export function DropsPage() {
  const now = useStore(tick)
  useEffect(() => askServices('none'), [])
  if (!now) return <Waiting />
  const { drops } = now
  const total = drops.reduce((sum, { count }) => sum + count, 0)
  const rate = drops.reduce((sum, one) => sum + one.rate, 0)
  return (
    <>
      <Head title={T.pages.drops} sub={T.drops.sub(whole(total), perSecond(rate), drops.length)}>
        <ExportButtons name="drops" make={() => asTable(drops)} />
      </Head>
      <Command text="uvs drops --watch" />
      {drops.length === 0 && <Empty>{T.drops.none}</Empty>}
      <div class="drops">
        {drops.map(drop => (
          <OneDrop key={drop.reason} drop={drop} />
        ))}
      </div>
    </>
  )
}

function OneDrop({ drop }: { drop: DropRow }) {
  const { reason, count, rate, last } = drop
  const service = serviceFromName(last?.service ?? '')
  return (
    <Card title={reason} tools={<span class={rate > 0 ? 'tag rate-on' : 'tag'}>{perSecond(rate)}</span>}>
      <p>
        <Advice
          text={adviceOn(reason) ?? (reason.startsWith('drop-device-') ? T.drops.device : T.drops.unknown)}
          service={service}
        />
      </p>
      <p class="sub">{T.drops.count(whole(count))}</p>
      {last && (
        <details>
          <summary>
            {T.drops.last(duration(last.ago), last.link)} <span class="mono">{last.packet}</span>
          </summary>
          <dl class="pairs">
            {last.fields.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
      {service && last?.service && (
        <p>
          <a href={serviceRoute(service)}>{T.drops.service(last.service)}</a>
        </p>
      )}
    </Card>
  )
}

function asTable(drops: readonly DropRow[]) {
  const rows = drops.map(({ reason, count, rate, last }) => [
    reason,
    count,
    rate,
    last?.packet ?? '',
    adviceOn(reason) ?? '',
  ])
  return { columns: ['reason', 'count', 'perSecond', 'lastPacket', 'advice'], rows, json: drops }
}
