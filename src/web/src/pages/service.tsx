import { useEffect, useMemo, useState } from 'preact/hooks'
import type { ServiceKey } from '../../../control/protocol/api.ts'
import { admin } from '../live/admin.ts'
import { History } from '../live/history.ts'
import { answered, askServices, tick } from '../live/live.ts'
import { useStore } from '../live/store.ts'
import type { ServiceRow } from '../live/tick.ts'
import { Card, Empty, Head, Waiting, Wide } from '../parts/bits.tsx'
import { Chart } from '../parts/chart.tsx'
import { Command } from '../parts/copy.tsx'
import { ExportButtons } from '../parts/export.tsx'
import { schedulerText } from '../pure/columns.ts'
import { bits, percent, perSecond, short } from '../pure/format.ts'
import { endpoint, isSameService, serviceName, serviceOption } from '../pure/service-name.ts'
import { servicesAsTable } from '../pure/service-table.ts'
import { shareOf, sumsOf, wantedShare } from '../pure/sums.ts'
import { T } from '../texts.ts'
import { AddServerDialog, DrainDialog, EditServerDialog, RemoveServerDialog } from './server-forms.tsx'
import { EditServiceDialog, RemoveServiceDialog } from './service-forms.tsx'
import { LintCard } from './service-lint.tsx'
import { ServerCard } from './server-card.tsx'
import type { Open } from './open.ts'
import { StatesCard } from './service-states.tsx'

/** Five minutes. */
const KEPT = 300
const MOST_LINES = 6

export function ServicePage({ service: key }: { service: ServiceKey }) {
  const now = useStore(tick)
  const [open, setOpen] = useState<Open>()
  const shares = useMemo(() => new History(KEPT), [])
  useEffect(() => askServices(key), [])
  const service = now?.services.rows.find(row => isSameService(row, key))
  useEffect(() => {
    if (service && now) shares.add(now.at, sharesOf(service))
  }, [now])
  if (!now || (!service && answered !== key)) return <Waiting />
  if (!service) return <Head title={serviceName(key)} sub={T.service.gone} />
  return (
    <>
      <Head title={serviceName(service)} sub={`${schedulerText(service)} · ${rateLine(service)}`}>
        <ExportButtons name="service" make={() => servicesAsTable([service])} />
        <Actions setOpen={setOpen} />
      </Head>
      <Command text={`uvsadm -Ln --stats ${serviceOption(service)}`} />
      <h2 class="part">{T.service.servers(service.servers)}</h2>
      {service.destinations.length === 0 && <Empty>{T.service.noServers}</Empty>}
      <div class="server-grid">
        {service.destinations.map(server => (
          <ServerCard key={endpoint(server)} server={server} service={service} drains={now.drains} setOpen={setOpen} />
        ))}
      </div>
      <div class="columns">
        {service.destinations.length > 0 && <Distribution service={service} shares={shares} />}
        <StatesCard service={service} />
      </div>
      <LintCard service={key} />
      {open && <OpenDialog open={open} service={service} close={() => setOpen(undefined)} />}
    </>
  )
}

function rateLine({ rates }: ServiceRow): string {
  return T.service.rates(perSecond(rates.cps), bits(rates.inBps), bits(rates.outBps))
}

function Actions({ setOpen }: { setOpen: (open: Open) => void }) {
  if (useStore(admin)?.admin === 'off') return null
  return (
    <>
      <button type="button" class="primary" onClick={() => setOpen({ dialog: 'add-server' })}>
        {T.service.addServer}
      </button>
      <button type="button" onClick={() => setOpen({ dialog: 'edit' })}>
        {T.service.editShort}
      </button>
      <button type="button" class="danger" onClick={() => setOpen({ dialog: 'remove' })}>
        {T.service.removeShort}
      </button>
    </>
  )
}

function OpenDialog({ open, service, close }: { open: Open; service: ServiceRow; close: () => void }) {
  switch (open.dialog) {
    case 'edit':
      return <EditServiceDialog service={service} close={close} />
    case 'remove':
      return <RemoveServiceDialog service={service} close={close} />
    case 'add-server':
      return <AddServerDialog service={service} close={close} />
    case 'edit-server':
      return <EditServerDialog service={service} server={open.server} close={close} />
    case 'remove-server':
      return <RemoveServerDialog service={service} server={open.server} close={close} />
    case 'drain':
      return <DrainDialog service={service} server={open.server} close={close} />
  }
}

function sharesOf(service: ServiceRow): Record<string, number> {
  const sums = sumsOf(service)
  return Object.fromEntries(service.destinations.map(server => [endpoint(server), shareOf(server, service, sums)]))
}

/** Which share each had over time, and which its weight asks for. */
function Distribution({ service, shares }: { service: ServiceRow; shares: History }) {
  const sums = sumsOf(service)
  const shown = service.destinations.slice(0, MOST_LINES)
  const series = shown.map((server, at) => ({
    label: endpoint(server),
    colour: `--series-${at + 1}`,
    values: shares.values(endpoint(server)),
  }))
  return (
    <Card title={T.service.distribution}>
      <Chart label={T.service.distributionChart} seconds={shares.seconds()} series={series} format={percent} />
      <Wide label={T.service.distribution}>
        <table class="plain rows">
          <thead>
            <tr>
              <th scope="col">{T.service.server}</th>
              <th scope="col" class="num">
                {T.service.has}
              </th>
              <th scope="col" class="num">
                {T.service.wants}
              </th>
              <th scope="col" class="num">
                {T.figures.open}
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map(server => (
              <tr key={endpoint(server)}>
                <th scope="row" class="whole">
                  {endpoint(server)}
                </th>
                <td class="num">{percent(shareOf(server, service, sums))}</td>
                <td class="num">{percent(wantedShare(server, sums))}</td>
                <td class="num">{short(server.activeConns)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </Card>
  )
}
