import { useEffect } from 'preact/hooks'
import { useLint } from '../live/lint.ts'
import { askServices, history, tick } from '../live/live.ts'
import { useStore } from '../live/store.ts'
import { TOP_SERVICES, type Tick } from '../live/tick.ts'
import { Bar, Card, Empty, Head, Waiting, Words } from '../parts/bits.tsx'
import { Chart } from '../parts/chart.tsx'
import { Sparkline } from '../parts/sparkline.tsx'
import { alertsOf, type Alert } from '../pure/alerts.ts'
import { bits, duration, moment, perSecond, percent, short, whole } from '../pure/format.ts'
import { serviceRoute } from '../pure/routes.ts'
import { serviceName } from '../pure/service-name.ts'
import { sumsOf } from '../pure/sums.ts'
import { T } from '../texts.ts'

export function OverviewPage() {
  const now = useStore(tick)
  useEffect(() => askServices(TOP_SERVICES), [])
  if (!now) return <Waiting />
  const { director } = now
  return (
    <>
      <Head title={director.host} sub={T.overview.sub(director.version, duration(director.upS), director.workers)} />
      <Alerts now={now} />
      <Tiles now={now} />
      <div class="columns">
        <Card title={T.overview.traffic}>
          <Chart
            label={T.overview.trafficChart}
            seconds={history.seconds()}
            format={bits}
            series={[
              { label: T.figures.in, colour: '--series-1', values: history.values('inBps') },
              { label: T.figures.out, colour: '--series-2', values: history.values('outBps') },
            ]}
          />
        </Card>
        <Card title={T.overview.connections}>
          <Chart
            label={T.overview.connectionsChart}
            seconds={history.seconds()}
            format={perSecond}
            series={[{ label: T.figures.cps, colour: '--series-1', values: history.values('cps') }]}
          />
        </Card>
      </div>
      <div class="columns">
        <Busiest now={now} />
        <Events now={now} />
      </div>
    </>
  )
}

function Alerts({ now }: { now: Tick }) {
  const alerts = alertsOf(now, useLint())
  if (alerts.length === 0) return <p class="all-well">{T.overview.allWell}</p>
  return (
    <ul class="alerts" aria-label={T.overview.alerts}>
      {alerts.slice(0, 8).map(alert => (
        <li key={`${alert.kind}${alert.subject}`} class={`alert ${alert.level}`}>
          <a href={alert.href}>{alertText(alert)}</a>
        </li>
      ))}
      {alerts.length > 8 && <li class="note">{T.overview.moreAlerts(alerts.length - 8)}</li>}
    </ul>
  )
}

function alertText({ kind, subject, value }: Alert): string {
  switch (kind) {
    case 'table':
      return T.alerts.table(percent(value))
    case 'fault':
      return T.alerts.fault
    case 'health':
      return T.alerts.health(value)
    case 'no-server':
      return T.alerts.noServer(subject)
    case 'lint':
      return T.alerts.lint(value)
    case 'drops':
      return T.alerts.drops(subject, perSecond(value))
  }
}

function Tiles({ now }: { now: Tick }) {
  const { connections, services, health } = now
  const { rates, stats } = now.totals
  const dropped = now.drops.reduce((sum, { rate }) => sum + rate, 0)
  const share = connections.capacity > 0 ? connections.open / connections.capacity : 0
  return (
    <div class="tiles">
      <Tile
        name={T.figures.cps}
        value={perSecond(rates.cps)}
        sub={T.overview.sinceStart(whole(stats.conns))}
        series="cps"
      />
      <Tile
        name={T.figures.open}
        value={short(connections.open)}
        sub={T.overview.ofCapacity(percent(share), short(connections.capacity))}
        series="open"
      />
      <Tile name={T.figures.packetsIn} value={perSecond(rates.inPps)} sub={bits(rates.inBps)} series="inPps" />
      <Tile name={T.figures.packetsOut} value={perSecond(rates.outPps)} sub={bits(rates.outBps)} series="outPps" />
      <Tile
        name={T.figures.drops}
        value={perSecond(dropped)}
        sub={T.overview.reasons(now.drops.length)}
        series="drops"
        href="/drops"
      />
      <Tile
        name={T.figures.services}
        value={whole(services.total)}
        sub={
          health
            ? T.overview.health(health.servers.up, health.servers.down, health.servers.unknown)
            : T.overview.noChecks
        }
        href="/services"
      />
    </div>
  )
}

function Tile({
  name,
  value,
  sub,
  series,
  href,
}: {
  name: string
  value: string
  sub: string
  series?: string
  href?: string
}) {
  return (
    <section class="tile">
      <h2>{href ? <a href={href}>{name}</a> : name}</h2>
      <p class="big">{value}</p>
      <p class="sub">{sub}</p>
      {series && <Sparkline values={history.values(series)} label={T.overview.lastMinutes(name)} />}
    </section>
  )
}

function Busiest({ now }: { now: Tick }) {
  const rows = now.services.rows.slice(0, 8)
  const most = Math.max(1, ...rows.map(({ rates }) => rates.cps))
  return (
    <Card title={T.overview.busiest} tools={<a href="/services">{T.overview.allServices}</a>}>
      {rows.length === 0 && <Empty>{T.services.none}</Empty>}
      <ul class="busiest">
        {rows.map(service => (
          <li key={serviceRoute(service)}>
            <a href={serviceRoute(service)}>{serviceName(service)}</a>
            <span class="num">{T.overview.busy(perSecond(service.rates.cps), short(sumsOf(service).active))}</span>
            <Bar share={service.rates.cps / most} />
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Events({ now }: { now: Tick }) {
  const events = now.events.slice(0, 12)
  return (
    <Card title={T.overview.changes}>
      {events.length === 0 && <Empty>{T.overview.noChanges}</Empty>}
      <ol class="events">
        {events.map((event, at) => (
          <li key={`${event.at} ${at}`}>
            <time dateTime={new Date(event.at).toISOString()}>{moment(event.at, now.at)}</time>
            <span>
              <Words text={event.text} />
              {event.who && <span class="sub"> {T.overview.by(event.who)}</span>}
            </span>
          </li>
        ))}
      </ol>
    </Card>
  )
}
