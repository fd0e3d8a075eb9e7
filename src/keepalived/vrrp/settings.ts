import { type Family, type IpAddr, isSameIp } from '../../wire/ip-addr.js'
import type { VrrpVersion } from '../../wire/vrrp.js'

/* What the state machine is told: keepalived.conf with every default filled in, addresses as numbers, times in milliseconds. */

/** An address that comes with being master. What the kernel alone cares for (scope, label, …) rides along as `extra`. */
export interface Vip {
  readonly address: IpAddr
  readonly prefix: number
  readonly interface: string
  /** Whether losing it ends the mastership. */
  readonly isTracked: boolean
  readonly extra?: VipExtra
}

export interface VipExtra {
  readonly scope?: string
  readonly label?: string
  readonly broadcast?: string
  readonly peer?: string
  readonly preferredLifetime?: string
  readonly flags?: readonly string[]
}

/** Whether the same address is among others, on the same interface with the same length. */
export function isAmong(vip: Vip, others: readonly Vip[]): boolean {
  return others.some(
    other => vip.interface === other.interface && vip.prefix === other.prefix && isSameIp(vip.address, other.address),
  )
}

export interface Peer {
  readonly address: IpAddr
  readonly minTtl: number
  readonly maxTtl: number
}

/** Gratuitous ARP and unsolicited neighbour advertisements. */
export interface GarpSettings {
  /** From becoming master to the second set; 0: none. */
  readonly masterDelayMs: number
  readonly masterRepeat: number
  readonly lowerPrioDelayMs: number
  readonly lowerPrioRepeat: number
  /** Between refreshes while master; 0: none. */
  readonly masterRefreshMs: number
  readonly masterRefreshRepeat: number
  /** Between rounds for addresses on other interfaces than the instance's; 0: none. */
  readonly extraIfMs: number
  /** On any interface; without it on virtual MACs alone, and none of an address has one here. */
  readonly extraIfAll: boolean
}

/** How one thing that is followed counts. Weight 0: its failure is a fault. */
export interface Weighted {
  readonly name: string
  readonly weight: number
  readonly isReverse: boolean
}

export interface Tracked {
  readonly interfaces: readonly Weighted[]
  readonly scripts: readonly Weighted[]
  readonly files: readonly Weighted[]
  readonly processes: readonly Weighted[]
}

export interface InstanceSettings {
  readonly name: string
  readonly interface: string
  readonly family: Family
  readonly vrid: number
  readonly version: VrrpVersion
  /** 1–254; 255: the owner of the addresses. */
  readonly priority: number
  /** `state MASTER`: matters with priority 255 alone. */
  readonly startsAsMaster: boolean
  readonly advertIntervalMs: number
  readonly downTimerAdverts: number
  readonly nopreempt: boolean
  readonly preemptDelayMs: number
  readonly authentication?: { readonly type: 'PASS' | 'AH'; readonly password: string }
  /** Absent: the interface's first address (IPv6: link-local). */
  readonly source?: IpAddr
  /** Whether losing `source` is a fault. */
  readonly tracksSource: boolean
  /** The group that adverts go to where there are no peers. */
  readonly group: IpAddr
  /** Unicast where there are any. */
  readonly peers: readonly Peer[]
  readonly isUnicast: boolean
  readonly unicastTtl: number
  readonly unicastFaultNoPeer: boolean
  readonly checksUnicastSource: boolean
  /** The checksum of keepalived before 2.0 in unicast version 3; absent: as heard. */
  readonly oldChecksum?: 'old' | 'never'
  readonly garp: GarpSettings
  readonly lowerPrioNoAdvert: boolean
  readonly higherPrioSendAdvert: boolean
  readonly skipCheckAdvAddr: boolean
  readonly dontTrackPrimary: boolean
  /** In adverts, in this order; at most 255. */
  readonly vips: readonly Vip[]
  /** Not in adverts; of either family. */
  readonly excludedVips: readonly Vip[]
  readonly tracked: Tracked
}

export interface GroupSettings {
  readonly name: string
  /** Names of instances. */
  readonly members: readonly string[]
}

/** Interfaces that announcements go out by one after the other, so far apart; undefined: as elsewhere. */
export interface GarpGroup {
  readonly interfaces: readonly string[]
  readonly garpIntervalMs?: number
  readonly gnaIntervalMs?: number
}

/** How long a link must have changed before that counts. */
export interface LinkDelay {
  readonly downMs: number
  readonly upMs: number
}

export interface RouterSettings {
  readonly instances: readonly InstanceSettings[]
  readonly groups: readonly GroupSettings[]
  readonly startupDelayMs: number
  /** Between two announcements on one interface; 0: none. */
  readonly garpIntervalMs: number
  readonly gnaIntervalMs: number
  readonly garpGroups: readonly GarpGroup[]
  readonly logUnknownVrids: boolean
  readonly linkDelays: ReadonlyMap<string, LinkDelay>
}
