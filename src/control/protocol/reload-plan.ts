import { pageNumber, text } from './check.js'
import { takes } from './shape.js'
import type { PlannedChange } from './transactions.js'

/** A vrrp_instance that a reload changes. */
export interface InstanceChange {
  instance: string
  change: 'added' | 'removed' | 'changed'
  /** By keyword, as text: what it becomes, and what it was; undefined: nothing. Of one added or removed, what it has. */
  settings: { keyword: string; is?: string; was?: string }[]
}

export interface ReloadPlanPage {
  rows: PlannedChange[]
  /** In the first page alone. */
  instances: InstanceChange[]
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
