import { resolve } from 'node:path'
import type {
  Answer,
  BlockChange,
  Control,
  InstanceChange,
  Outcome,
  PlannedChange,
  ReloadPlanPage,
  SettingChange,
} from '../../../control/protocol/api.js'
import { UsageError } from '../../../director/options.js'
import { AS_JSON, CONTROL } from '../../command.js'
import { jsonDocument } from '../../json.js'
import type { Form } from '../../option.js'
import { inListedOrder } from '../plan-order.js'
import { planText } from './format-plan.js'

export const KEEPALIVED_FORM: Form = {
  words: [],
  options: [
    {
      flags: ['--keepalived'],
      value: 'FILE',
      is: 'file',
      required: true,
      help: 'what reading this keepalived.conf again would change',
    },
    AS_JSON,
    CONTROL,
  ],
}

/** Shows what a director that runs a keepalived.conf would change if it read `file` now. UsageError: it would change nothing, for it is bad. */
export async function planKeepalived(control: Control, file: string, asJson: boolean): Promise<Outcome> {
  const { changes, instances, blocks, left } = await wholePlan(control, resolve(file))
  const err = left.map(line => `uvs plan: ${line}\n`).join('')
  if (asJson) return { status: 0, out: jsonDocument('plan', changes, { instances, blocks }), err }
  const vrrp = [
    ...instances.map(({ instance, ...rest }) => ({ block: 'vrrp_instance', name: instance, ...rest })),
    ...blocks,
  ]
  const text = planText(changes, vrrp.length === 0 ? undefined : countsOf(vrrp.map(({ block }) => block)))
  return { status: 0, out: `${vrrp.map(blockLines).join('')}${text}`, err }
}

/** `2 vrrp_instances; 1 vrrp_script` */
function countsOf(blocks: readonly string[]): string {
  const kinds = [...new Set(blocks)].map(kind => ({ kind, count: blocks.filter(block => block === kind).length }))
  return kinds
    .map(({ kind, count }) => `${count} ${kind}${count === 1 ? '' : kind.endsWith('s') ? 'es' : 's'}`)
    .join('; ')
}

async function wholePlan(control: Control, file: string) {
  const changes: PlannedChange[] = []
  const instances: InstanceChange[] = []
  const blocks: BlockChange[] = []
  const left: string[] = []
  for (let from: number | null = 0; from !== null;) {
    const page: Answer<ReloadPlanPage> = await control.call<'plan-reload'>({ op: 'plan-reload', file, from })
    if (!page.ok) throw page.refusal === 'EINVAL' ? new UsageError(page.message) : new Error(page.message)
    changes.push(...page.value.rows)
    instances.push(...page.value.instances)
    blocks.push(...page.value.blocks)
    left.push(...page.value.left)
    from = page.value.next
  }
  return { changes: inListedOrder(changes), instances, blocks, left }
}

interface Change extends Omit<BlockChange, 'block'> {
  block: string
}

/** `~ vrrp_instance VI_1 priority 150 (was 100)`, a line a setting; of one that comes or goes, one line. */
function blockLines({ block, name: called, change, settings }: Change): string {
  const name = `${block} ${called}`
  if (change === 'changed') return settings.map(setting => `~ ${name} ${settingText(setting)}\n`).join('')
  const known = settings.map(({ keyword, is, was }) => `${keyword} ${is ?? was}`).join('; ')
  return `${change === 'added' ? '+' : '-'} ${name} (${known})\n`
}

function settingText({ keyword, is, was }: SettingChange): string {
  if (is === undefined) return `without ${keyword} (was ${was})`
  return was === undefined ? `${keyword} ${is}` : `${keyword} ${is} (was ${was})`
}
