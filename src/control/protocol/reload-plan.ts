import { pageNumber, text } from './check.js'
import { takes } from './shape.js'
import type { PlannedChange } from './transactions.js'

/** By keyword, as text: what it becomes, and what it was; undefined: nothing. */
export interface SettingChange {
  keyword: string
  is?: string
  was?: string
}

/** A vrrp_instance that a reload changes. */
export interface InstanceChange {
  instance: string
  change: 'added' | 'removed' | 'changed'
  /** Of one added or removed, what it has. */
  settings: SettingChange[]
}

/** What instances share, and a reload changes. */
export interface BlockChange {
  block: 'vrrp_sync_group' | 'vrrp_script' | 'track_file' | 'vrrp_track_process'
  name: string
  change: InstanceChange['change']
  settings: SettingChange[]
}

export interface ReloadPlanPage {
  rows: PlannedChange[]
  /** In the first page alone. */
  instances: InstanceChange[]
  /** In the first page alone. */
  blocks: BlockChange[]
  /** Why some of the changes would be left out, in the first page alone. */
  left: string[]
  /** Where the next page starts; null after the last. */
  next: number | null
}

/** As PATH_MAX has it. */
const file = text('an absolute path', found => found.startsWith('/') && found.length < 4096 && !found.includes('\0'))

export const reloadPlan = {
  /** A page of what the director would change if it read FILE as its keepalived.conf now: begin with 0, continue with `next`. */
  'plan-reload': takes({ file, from: pageNumber }).returns<ReloadPlanPage>(),
}
