import type { InstanceDraft } from '../draft.js'

/** Says something of an instance, whose name goes in front. */
export type Says = (text: string, help?: string) => void

/** An instance whose election is settled, though not all of its defaults. */
export interface Settled {
  readonly draft: InstanceDraft
  readonly isStrict: boolean
  version: 2 | 3
  priority: number
}
