import { type IpAddr, parseIp } from '../../wire/ip-addr.js'
import type { KeepalivedConfig } from '../config/tree/config.js'
import type { Tracked as NamedThing, Tracking, VirtualAddress, VrrpInstance } from '../config/tree/vrrp.js'
import type { InstanceSettings, RouterSettings, Tracked, Vip, VipExtra, Weighted } from './settings.js'

/** What the state machine needs of a configuration. A sync group's scripts, files and interfaces are followed by each of its members. */
export function routerSettingsFrom(config: KeepalivedConfig): RouterSettings {
  const { global, syncGroups, instances } = config
  return {
    instances: instances.map(instance => instanceSettings(instance, config)),
    groups: syncGroups.map(({ name, members }) => ({ name, members })),
    startupDelayMs: global.startupDelayMs,
    garpIntervalMs: global.garpIntervalMs,
    gnaIntervalMs: global.gnaIntervalMs,
    logUnknownVrids: global.logUnknownVrids,
    garpGroups: config.garpGroups,
    linkDelays: new Map(config.linkDelays.map(({ interface: name, ...delays }) => [name, delays])),
  }
}

function instanceSettings(instance: VrrpInstance, config: KeepalivedConfig): InstanceSettings {
  const { name, interface: device, family, vrid, version, priority, advertIntervalMs, downTimerAdverts } = instance
  const { nopreempt, preemptDelayMs, authentication, isUnicast, unicastTtl, unicastFaultNoPeer } = instance
  const { garp, lowerPrioNoAdvert, higherPrioSendAdvert, skipCheckAdvAddr, dontTrackPrimary } = instance
  const { sourceAddress, oldUnicastChecksum } = instance
  const group = config.syncGroups.find(({ members }) => members.includes(name))
  return {
    name,
    interface: device,
    family,
    vrid,
    version,
    priority,
    startsAsMaster: instance.state === 'MASTER',
    advertIntervalMs,
    downTimerAdverts,
    nopreempt,
    preemptDelayMs,
    ...(authentication && { authentication }),
    ...(sourceAddress && { source: numbersOf(sourceAddress.text) }),
    tracksSource: instance.trackSourceAddress,
    group: numbersOf(instance.mcastGroup),
    peers: instance.unicastPeers.map(({ address, ...ttls }) => ({ address: numbersOf(address.text), ...ttls })),
    isUnicast,
    unicastTtl,
    unicastFaultNoPeer,
    checksUnicastSource: instance.checkUnicastSrc,
    ...(oldUnicastChecksum && { oldChecksum: oldUnicastChecksum }),
    garp,
    lowerPrioNoAdvert,
    higherPrioSendAdvert,
    skipCheckAdvAddr,
    dontTrackPrimary,
    vips: instance.addresses.map(address => vipOf(address, device)),
    excludedVips: instance.excludedAddresses.map(address => vipOf(address, device)),
    tracked: trackedOf(group ? [instance, group] : [instance], config),
  }
}

function vipOf(virtual: VirtualAddress, device: string): Vip {
  const { address, length, noTrack, scope, label, broadcast, peer, preferredLifetime, flags } = virtual
  const extra: VipExtra = {
    scope,
    flags,
    ...(label !== undefined && { label }),
    ...(broadcast !== undefined && { broadcast }),
    ...(peer !== undefined && { peer }),
    ...(preferredLifetime !== undefined && { preferredLifetime }),
  }
  return {
    address: numbersOf(address.text),
    prefix: length,
    interface: virtual.interface ?? device,
    isTracked: !noTrack,
    extra,
  }
}

/** Of an instance and its group, each thing once: what the instance says of it counts. */
function trackedOf(followers: readonly Tracking[], config: KeepalivedConfig): Tracked {
  const { scripts, trackFiles, trackProcesses } = config
  const all = (
    of: (follower: Tracking) => readonly NamedThing[],
    defaults: readonly { name: string; weight: number; isReverse: boolean }[],
  ): Weighted[] => {
    const found = new Map<string, Weighted>()
    for (const { name, weight, isReverse } of followers.flatMap(follower => [...of(follower)])) {
      const thing = defaults.find(other => other.name === name)
      const weighted = { name, weight: weight ?? thing?.weight ?? 0, isReverse: isReverse ?? thing?.isReverse ?? false }
      if (!found.has(name)) found.set(name, weighted)
    }
    return [...found.values()]
  }
  return {
    interfaces: all(({ interfaces }) => interfaces, []),
    scripts: all(follower => follower.scripts, scripts),
    files: all(({ files }) => files, trackFiles),
    processes: all(({ processes }) => processes, trackProcesses),
  }
}

/** The configuration has checked its addresses. */
function numbersOf(text: string): IpAddr {
  const addr = parseIp(text)
  if (addr === undefined) throw new RangeError(`not an address: '${text}'`)
  return addr
}
