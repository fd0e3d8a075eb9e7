import type { KeepalivedConfig } from '../config/tree/config.js'
import type { Action } from './action.js'
import { notifierOf } from './notify-scripts.js'

type Notify = Extract<Action, { kind: 'notify' }>
type Priority = Extract<Action, { kind: 'priority' }>

/**
 * The line for notify FIFOs, without its end: `INSTANCE "VI_1" MASTER 150`. A change of priority has one where notify_priority_changes is
 * set, and the instance is master or backup: `INSTANCE "VI_1" MASTER_PRIORITY 90`. `before` is the configuration before a reload.
 */
export function notifyLine(
  told: Notify | Priority,
  config: KeepalivedConfig,
  before?: KeepalivedConfig,
): string | undefined {
  if (told.kind === 'priority') {
    const { instance: name, state, to } = told
    const isWanted = config.instances.find(other => other.name === name)?.notifyPriorityChanges ?? false
    if (!isWanted || (state !== 'MASTER' && state !== 'BACKUP')) return undefined
    return `INSTANCE "${name}" ${state}_PRIORITY ${to}`
  }
  const { of, name, event, priority } = told
  const isDeleted = !notifierOf(told, config) && before && notifierOf(told, before)?.notify.deleted !== undefined
  return `${of} "${name}" ${isDeleted ? 'DELETED' : event} ${priority}`
}
