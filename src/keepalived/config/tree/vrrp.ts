import type { Address } from '../addresses.js'
import type { Family } from '../../../wire/ip-addr.js'
import type { GarpSettings } from './global.js'
import type { Script } from './scripts.js'

/** vrrp_script: a program whose exit status counts. */
export interface VrrpScript {
  readonly name: string
  script?: Script
  intervalMs: number
  /** Absent: the interval. */
  timeoutMs?: number
  weight: number
  isReverse: boolean
  rise: number
  fall: number
  user?: string
  group?: string
  initFail: boolean
}

/** track_file: a number in a file. */
export interface TrackFile {
  readonly name: string
  path?: string
  weight: number
  isReverse: boolean
  /** Written at the start if the file is missing, or always. */
  initValue?: number
  overwrites: boolean
}

/** vrrp_track_process: how many processes of a name run. */
export interface TrackProcess {
  readonly name: string
  process?: readonly string[]
  /** Absent: parameters count where there are any. */
  paramMatch?: 'exact' | 'initial' | 'partial'
  fullCommand: boolean
  weight: number
  isReverse: boolean
  quorum: number
  quorumMax?: number
  forkDelayMs: number
  terminateDelayMs: number
}

/** One thing that an instance or a group follows. */
export interface Tracked {
  readonly name: string
  /** Absent: that of the thing itself. */
  weight?: number
  isReverse?: boolean
}

export interface Tracking {
  readonly interfaces: Tracked[]
  readonly scripts: Tracked[]
  readonly files: Tracked[]
  readonly processes: Tracked[]
  readonly bfds: Tracked[]
}

/** By transition; `any` gets each. */
export interface NotifyScripts {
  master?: Script
  backup?: Script
  fault?: Script
  stop?: Script
  any?: Script
  /** `true`: notified as deleted without a script of its own. */
  deleted?: Script | true
  masterRxLowerPriority?: Script
}

/** An address that comes with being master. */
export interface VirtualAddress {
  readonly address: Address
  readonly length: number
  /** Absent: the instance's. */
  interface?: string
  broadcast?: string
  scope: string
  label?: string
  peer?: string
  noTrack: boolean
  useVmac: boolean
  trackGroup?: string
  preferredLifetime?: string
  /** home, nodad, mngtmpaddr, noprefixroute, autojoin. */
  readonly flags: string[]
}

/** A route or rule: kept as its words, for uvs sets none. */
export interface RouteWords {
  readonly words: readonly string[]
}

export interface UnicastPeer {
  readonly address: Address
  minTtl: number
  maxTtl: number
}

export interface Authentication {
  type: 'PASS' | 'AH'
  /** At most eight characters. */
  password: string
}

export interface VrrpInstance extends Tracking {
  readonly name: string
  state: 'MASTER' | 'BACKUP'
  interface: string
  vrid: number
  priority: number
  version: 2 | 3
  family: Family
  advertIntervalMs: number
  isStrict: boolean
  nopreempt: boolean
  preemptDelayMs: number
  authentication?: Authentication
  sourceAddress?: Address
  mcastGroup: string
  unicastPeers: UnicastPeer[]
  isUnicast: boolean
  unicastTtl: number
  unicastFaultNoPeer: boolean
  checkUnicastSrc: boolean
  trackSourceAddress: boolean
  /** The checksum of keepalived before 2.0 in unicast version 3: absent: as heard. */
  oldUnicastChecksum?: 'old' | 'never'
  garp: GarpSettings
  downTimerAdverts: number
  lowerPrioNoAdvert: boolean
  higherPrioSendAdvert: boolean
  skipCheckAdvAddr: boolean
  accept: boolean
  dontTrackPrimary: boolean
  promoteSecondaries: boolean
  useVmac?: { interface?: string; mac?: string }
  vmacXmitBase: boolean
  useVmacAddr: boolean
  useIpvlan?: { interface?: string; address?: string }
  addresses: VirtualAddress[]
  excludedAddresses: VirtualAddress[]
  routes: RouteWords[]
  rules: RouteWords[]
  notify: NotifyScripts
  smtpAlert: boolean
  notifyPriorityChanges: boolean
  debug: number
  syncGroup?: string
}

export interface VrrpSyncGroup extends Tracking {
  readonly name: string
  members: string[]
  notify: NotifyScripts
  smtpAlert: boolean
  notifyPriorityChanges: boolean
  trackingWeight: boolean
}

/** Fields that may still be missing. */
export type Draft<T, K extends keyof T> = Partial<Omit<T, K>> & Pick<T, K>
