import { useEffect } from 'preact/hooks'
import type { AnnouncementsInfo, InstanceInfo, ServiceHealth, VrrpInfo } from '../../../control/protocol/api.ts'
import { askServices, tick } from '../live/live.ts'
import { useStore } from '../live/store.ts'
import type { Tick } from '../live/tick.ts'
import { Card, Empty, Head, HeadRow, StateTag, Waiting, Wide, Words } from '../parts/bits.tsx'
import { Command } from '../parts/copy.tsx'
import { duration, moment } from '../pure/format.ts'
import { roleOf } from '../pure/role.ts'
import { checkedName } from '../pure/checked-name.ts'
import { T } from '../texts.ts'
import { Fleet } from './fleet.tsx'

export function RedundancyPage() {
  const now = useStore(tick)
  useEffect(() => askServices('none'), [])
  if (!now) return <Waiting />
  const { vrrp, announcements, health } = now
  return (
    <>
      <Head title={T.pages.redundancy} sub={vrrp ? T.redundancy.role(roleOf(vrrp)) : T.redundancy.noVrrp} />
      <Command text={vrrp ? 'uvs vrrp --watch' : 'uvs health --watch'} />
      {vrrp && <Instances vrrp={vrrp} nowMs={now.at} />}
      {vrrp && <Others vrrp={vrrp} nowMs={now.at} />}
      {announcements && <Announced info={announcements} />}
      <Fleet nowMs={now.at} />
      <Timeline now={now} />
      {health && (
        <Card title={T.redundancy.health(health.up, health.down, health.unknown)}>
          {health.bad.length === 0 && <Empty>{T.redundancy.allUp}</Empty>}
          {health.bad.map(service => (
            <Bad key={checkedName(service)} service={service} nowMs={now.at} />
          ))}
        </Card>
      )}
      <p class="note">{T.redundancy.noSync}</p>
    </>
  )
}

function Instances({ vrrp, nowMs }: { vrrp: VrrpInfo; nowMs: number }) {
  return (
    <Card title={T.redundancy.instances}>
      {vrrp.instances.length === 0 && <Empty>{T.redundancy.noInstances}</Empty>}
      <Wide label={T.redundancy.instances}>
        <table class="plain rows">
          <HeadRow columns={T.redundancy.columns} />
          <tbody>
            {vrrp.instances.map(instance => (
              <Instance key={instance.name} instance={instance} nowMs={nowMs} />
            ))}
          </tbody>
        </table>
      </Wide>
    </Card>
  )
}

function Instance({ instance, nowMs }: { instance: InstanceInfo; nowMs: number }) {
  const { name, state, since, why, vrid, priority, configuredPriority, addresses, lastAdvert, transitions, faults } =
    instance
  const changes = instance.priorityChanges.map(({ by, change }) => `${by} ${change > 0 ? '+' : ''}${change}`).join(', ')
  return (
    <tr>
      <th scope="row">
        {name}{' '}
        <span class="sub">
          {instance.interface}, VRID {vrid}
        </span>
      </th>
      <td>
        <StateTag state={state} />
      </td>
      <td title={changes}>
        {priority === configuredPriority ? priority : `${priority} (${configuredPriority}; ${changes})`}
      </td>
      <td>{moment(since * 1000, nowMs)}</td>
      <td>{[why, ...faults].filter(text => text !== '').join('; ')}</td>
      <td>
        {lastAdvert
          ? T.redundancy.advert(lastAdvert.source, lastAdvert.priority, duration(nowMs / 1000 - lastAdvert.at))
          : '–'}
      </td>
      <td class="mono">{addresses.join(' ')}</td>
      <td class="num">{transitions}</td>
    </tr>
  )
}

function Others({ vrrp, nowMs }: { vrrp: VrrpInfo; nowMs: number }) {
  const rows = [...vrrp.groups, ...vrrp.scripts]
  if (rows.length === 0) return null
  return (
    <Card title={T.redundancy.groups}>
      <ul class="checks">
        {rows.map(({ name, state, since, why }) => (
          <li key={name}>
            <StateTag state={state} /> {name}{' '}
            <span class="sub">
              {T.service.since(moment(since * 1000, nowMs))}
              {why && `: ${why}`}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  )
}

function Announced({ info }: { info: AnnouncementsInfo }) {
  const { vips, drain, isWithdrawn } = info
  return (
    <Card title={T.redundancy.announced(info.interface)}>
      <p>{T.redundancy.vips(vips.announced, vips.held, vips.idle, vips.elsewhere)}</p>
      {isWithdrawn && <p class="error">{T.redundancy.withdrawn}</p>}
      {drain && <p>{T.redundancy.drain(drain.state, duration(drain.deadline), drain.connections ?? 0)}</p>}
    </Card>
  )
}

function Timeline({ now }: { now: Tick }) {
  const events = now.events.filter(({ kind }) => kind === 'vrrp' || kind === 'health')
  return (
    <Card title={T.redundancy.timeline}>
      {events.length === 0 && <Empty>{T.redundancy.noEvents}</Empty>}
      <ol class="events">
        {events.map((event, at) => (
          <li key={`${event.at} ${at}`}>
            <time dateTime={new Date(event.at).toISOString()}>{moment(event.at, now.at)}</time>
            <span>
              <Words text={event.text} />
            </span>
          </li>
        ))}
      </ol>
    </Card>
  )
}

function Bad({ service, nowMs }: { service: ServiceHealth; nowMs: number }) {
  return (
    <div class="bad-service">
      <p>
        <StateTag state={service.state} /> <b>{checkedName(service)}</b> <span class="sub">{service.why}</span>
      </p>
      <ul class="checks">
        {service.servers
          .filter(({ state }) => state !== 'up')
          .map(({ address, port, state, since, why }) => (
            <li key={`${address}:${port}`}>
              <StateTag state={state} /> {address}:{port}{' '}
              <span class="sub">
                {T.service.since(moment(since * 1000, nowMs))}
                {why && `: ${why}`}
              </span>
            </li>
          ))}
      </ul>
    </div>
  )
}
