import type { NextInfo, StateInfo } from './health.js'
import { takes } from './shape.js'

/* What a director that runs a keepalived.conf knows of its virtual routers. */

/** INIT: it waits for its scripts, or has ended. */
export type VrrpStateName = 'INIT' | 'BACKUP' | 'MASTER' | 'FAULT'

/** A vrrp_instance. `why`: which advert, which script, which interface. */
export interface InstanceInfo extends StateInfo<VrrpStateName> {
  name: string
  interface: string
  vrid: number
  family: 4 | 6
  version: 2 | 3
  /** With what it tracks. */
  priority: number
  configuredPriority: number
  /** What tracked things do to it: `script chk`, −20. The sum is kept within 1 to 254. */
  priorityChanges: { by: string; change: number }[]
  /** Its sync group. */
  group?: string
  /** Those that a master has. */
  addresses: string[]
  /** Why it cannot be master; none outside of FAULT, or while its sync group has one. */
  faults: string[]
  /** advert: a master sends one. master: it becomes one unless it hears one. Undefined: it waits for nothing of its own. */
  next?: NextInfo<'advert' | 'master'>
  /** The last valid one that it heard. `at`: seconds since 1970. */
  lastAdvert?: { source: string; priority: number; at: number }
  /** Adverts sent, valid ones heard, and changes of state, since the start. */
  sent: number
  heard: number
  transitions: number
  /** Adverts that were refused, by reason. */
  refused: Record<string, number>
}

/** A vrrp_sync_group. MIXED: its members are not all of one state. */
export interface SyncGroupInfo extends StateInfo<VrrpStateName | 'MIXED'> {
  name: string
  members: string[]
}

/** A vrrp_script that an instance follows. unknown: its first run has not ended. */
export interface TrackScriptInfo extends StateInfo<'good' | 'bad' | 'unknown'> {
  name: string
  /** result: it runs. */
  next?: NextInfo<'run' | 'result'>
}

export interface VrrpInfo {
  instances: InstanceInfo[]
  groups: SyncGroupInfo[]
  scripts: TrackScriptInfo[]
  /** Packets that came to no instance, by reason: of a VRID that is not ours, or no whole packet. */
  unclaimed: Record<string, number>
}

export const vrrp = {
  /** All virtual routers, in the configuration's order. */
  vrrp: takes({}).returns<VrrpInfo>(),
}
