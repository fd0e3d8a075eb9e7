import type { KeepalivedConfig } from '../config/tree/config.js'
import type { Script } from '../config/tree/scripts.js'
import type { VrrpInstance, VrrpSyncGroup } from '../config/tree/vrrp.js'
import type { Action, NotifyEvent } from './action.js'

type Notify = Extract<Action, { kind: 'notify' }>

const OF_EVENT: Readonly<Record<NotifyEvent, 'master' | 'backup' | 'fault' | 'stop' | 'masterRxLowerPriority'>> = {
  MASTER: 'master',
  BACKUP: 'backup',
  FAULT: 'fault',
  STOP: 'stop',
  MASTER_RX_LOWER_PRI: 'masterRxLowerPriority',
}

/**
 * The scripts that a notification runs, in order: that of the event, then `notify` with its four words (type, name, state, priority).
 * `before` is the configuration before a reload: what is no more in `config` is told by it, as deleted if it asks for that.
 */
export function notifyScripts(notify: Notify, config: KeepalivedConfig, before?: KeepalivedConfig): Script[] {
  const { event } = notify
  const now = notifierOf(notify, config)?.notify
  const scripts = now ?? (before && notifierOf(notify, before)?.notify)
  if (!scripts) return []
  const { deleted } = scripts
  if (!now && deleted !== undefined) {
    const own = deleted === true ? [] : [deleted]
    return [...own, ...withWords(scripts.any, notify, 'DELETED')]
  }
  const own = scripts[OF_EVENT[event]]
  // keepalived tells `notify` of states alone.
  const any = event === 'MASTER_RX_LOWER_PRI' ? [] : withWords(scripts.any, notify, event)
  return [...(own ? [own] : []), ...any]
}

/** The instance or sync group that a notification is of. */
export function notifierOf(
  { of, name }: Pick<Notify, 'of' | 'name'>,
  { instances, syncGroups }: KeepalivedConfig,
): VrrpInstance | VrrpSyncGroup | undefined {
  const named = of === 'GROUP' ? syncGroups : instances
  return named.find(other => other.name === name)
}

function withWords(script: Script | undefined, { of, name, priority }: Notify, state: string): Script[] {
  return script ? [{ ...script, words: [...script.words, of, name, state, String(priority)] }] : []
}
