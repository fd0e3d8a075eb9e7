import { useEffect } from 'preact/hooks'
import { askServices, tick } from '../live/live.ts'
import { useStore } from '../live/store.ts'
import { TOP_SERVICES, type Tick } from '../live/tick.ts'
import { Bar, Card, Head, Waiting } from '../parts/bits.tsx'
import { perSecond, short } from '../pure/format.ts'
import { serviceRoute } from '../pure/routes.ts'
import { endpoint, serviceName } from '../pure/service-name.ts'
import { pathRates, type Stage } from '../pure/stages.ts'
import { T } from '../texts.ts'
import { FlowsHere } from './flows-here.tsx'

/** The picture of the README, with what passes it now. */
export function PathPage() {
  const now = useStore(tick)
  useEffect(() => askServices(TOP_SERVICES), [])
  if (!now) return <Waiting />
  const path = pathRates(now)
  return (
    <>
      <Head title={T.pages.path} sub={T.path.sub} />
      <div class="picture">
        <section class="card end" aria-label={T.path.clients}>
          <h2>{T.path.clients}</h2>
          <p class="big">{perSecond(path.in)}</p>
          <p class="sub">{T.path.framesIn}</p>
        </section>
        <section class="card director" aria-label={T.path.director}>
          <h2>uvs director</h2>
          <ol class="stages">
            {path.stages.map(stage => (
              <OneStage key={stage.name} stage={stage} most={path.in} />
            ))}
          </ol>
          <p class="sub">{T.path.branch}</p>
          {now.offload && <p class="sub">{T.path.offload(short(now.offload.flows), short(now.offload.packets))}</p>}
        </section>
        <Servers now={now} balanced={path.balanced} forwarded={path.forwarded} />
      </div>
      {now.offload && <FlowsHere />}
      <Devices now={now} />
    </>
  )
}

function OneStage({ stage, most }: { stage: Stage; most: number }) {
  const { name, rate, ends } = stage
  return (
    <li class={rate > 0 ? 'stage busy' : 'stage'}>
      <b class="mono">{T.path.stages[name][0]}</b>
      <span class="what">{T.path.stages[name][1]}</span>
      <span class="num">{perSecond(rate)}</span>
      <Bar share={logShare(rate, most)} tone="good" />
      {ends.length > 0 && (
        <ul class="ends">
          {ends.slice(0, 3).map(([verdict, count]) => (
            <li key={verdict}>
              <a href="/drops">
                {verdict} {perSecond(count)}
              </a>
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

/** A tenth of the traffic is still seen. */
function logShare(rate: number, most: number): number {
  return Math.log1p(rate) / Math.log1p(Math.max(1, most))
}

function Servers({ now, balanced, forwarded }: { now: Tick; balanced: number; forwarded: number }) {
  return (
    <section class="card end" aria-label={T.path.servers}>
      <h2>{T.path.servers}</h2>
      <p class="big">{perSecond(balanced)}</p>
      <p class="sub">{T.path.balanced(perSecond(forwarded))}</p>
      {now.offload && <p class="sub">{T.path.balancedOffload}</p>}
      {now.services.rows.slice(0, 4).map(service => (
        <div key={serviceRoute(service)}>
          <a href={serviceRoute(service)}>{serviceName(service)}</a>
          <ul class="sub mono">
            {service.destinations.slice(0, 5).map(server => (
              <li key={endpoint(server)}>
                → {endpoint(server)} {perSecond(server.rates.inPps + server.rates.outPps)}
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  )
}

function Devices({ now }: { now: Tick }) {
  return (
    <Card title={T.path.waiting} kind="waiting">
      <dl class="pairs">
        {[
          [T.path.heldFrames, short(now.heldFrames)],
          [T.path.heldDatagrams, short(now.heldDatagrams)],
          [
            T.path.neighbours,
            T.path.neighbourCounts(now.neighbours.learnt, now.neighbours.fixed, now.neighbours.asking),
          ],
          ...now.devices.map(({ name, dropped }) => [T.path.lostBy(name), short(dropped)] as const),
        ].map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}
