import type { InstanceInfo, SyncGroupInfo, TrackScriptInfo, VrrpInfo } from '../../control/protocol/api.js'
import { formatIp } from '../../wire/ip-addr.js'
import type { ScriptStatus } from '../scripts/track-script.js'
import type { VrrpInstance } from '../vrrp/instance.js'
import type { VrrpRouter } from '../vrrp/router.js'
import type { SyncGroup } from '../vrrp/sync-group.js'
import type { Moment } from './moment.js'
import { secondsUntil } from './wall-clock.js'

/* What is shown of virtual routers. Changes nothing. */

/** Of a configuration without one. */
const NO_ROUTERS: VrrpInfo = { instances: [], groups: [], scripts: [], unclaimed: {} }

/** Undefined router: nothing is spoken. The scripts' clock is the router's. */
export function vrrpInfo(router: VrrpRouter | undefined, scripts: readonly ScriptStatus[], moment: Moment): VrrpInfo {
  if (!router) return NO_ROUTERS
  return {
    instances: router.instances.map(instance => instanceInfo(instance, router, moment)),
    groups: router.groups.map(group => groupInfo(group, router, moment)),
    scripts: scripts.map(script => scriptInfo(script, moment)),
    unclaimed: { ...router.refusals },
  }
}

function instanceInfo(instance: VrrpInstance, { groups }: VrrpRouter, { nowMs, clock }: Moment): InstanceInfo {
  const { settings, status } = instance
  const { name, interface: device, vrid, family, version, vips, excludedVips } = settings
  const { state, lastAdvert, timerAtMs, counts } = status
  const group = groups.find(({ members }) => members.includes(instance))
  const event = state === 'MASTER' ? 'advert' : 'master'
  return {
    name,
    interface: device,
    vrid,
    family,
    version,
    state,
    since: clock.secondsAt(status.sinceMs, nowMs),
    why: status.reason,
    priority: status.priority,
    configuredPriority: settings.priority,
    priorityChanges: status.changes.map(({ by, change }) => ({ by, change })),
    ...(group && { group: group.name }),
    addresses: [...vips, ...excludedVips].map(({ address, prefix }) => `${formatIp(address)}/${prefix}`),
    faults: [...status.faults],
    ...(timerAtMs !== Infinity && { next: { event, seconds: secondsUntil(timerAtMs, nowMs) } as const }),
    ...(lastAdvert && {
      lastAdvert: {
        source: formatIp(lastAdvert.source),
        priority: lastAdvert.priority,
        at: clock.secondsAt(lastAdvert.atMs, nowMs),
      },
    }),
    ...counts,
    refused: { ...status.refusals },
  }
}

/** The last of its members to come to its state is when it came there itself. */
function groupInfo({ name, members }: SyncGroup, { instances }: VrrpRouter, { nowMs, clock }: Moment): SyncGroupInfo {
  const ours = instances.filter(instance => members.includes(instance))
  const [last] = ours.toSorted((one, other) => other.status.sinceMs - one.status.sinceMs)
  const since = clock.secondsAt(last?.status.sinceMs ?? nowMs, nowMs)
  const said = { name, members: ours.map(member => member.name), since }
  if (!last) return { ...said, state: 'INIT', why: 'it has no members' }
  if (ours.every(({ state }) => state === last.state))
    return { ...said, state: last.state, why: `${last.name}: ${last.reason}` }
  return { ...said, state: 'MIXED', why: ours.map(member => `${member.name} ${member.state}`).join(', ') }
}

function scriptInfo(script: ScriptStatus, { nowMs, clock }: Moment): TrackScriptInfo {
  const { name, isGood, sinceMs, why, isRunning, nextMs } = script
  return {
    name,
    state: isGood === undefined ? 'unknown' : isGood ? 'good' : 'bad',
    since: clock.secondsAt(sinceMs, nowMs),
    why,
    next: isRunning ? { event: 'result' } : { event: 'run', seconds: secondsUntil(nextMs, nowMs) },
  }
}
