import { bool } from '../arguments.js'
import type { ConfigDraft } from '../draft.js'
import type { Keyword, Table } from '../parser.js'
import { script } from '../script-line.js'
import type { NotifyScripts } from '../tree/vrrp.js'
import type { Script } from '../tree/scripts.js'

/** An instance or a sync group that tells of its transitions. */
interface Notifier {
  readonly name: string
  readonly notify: NotifyScripts
  smtpAlert?: boolean
  notifyPriorityChanges?: boolean
}

/** notify, notify_master, …, smtp_alert, notify_priority_changes. */
export function notifyKeywords<T>(
  what: 'vrrp_instance' | 'vrrp_group',
  notifierOf: (target: T) => Notifier,
  configOf: (target: T) => ConfigDraft,
): Table<T> {
  const on = (set: (notify: NotifyScripts, found: Script) => void): Keyword<T> =>
    script<T>({ by: '', draft: configOf, set: (target, found) => set(notifierOf(target).notify, found) })
  const deleted = on((notify, found) => (notify.deleted = found))
  return {
    notify_master: on((notify, found) => (notify.master = found)),
    notify_backup: on((notify, found) => (notify.backup = found)),
    notify_fault: on((notify, found) => (notify.fault = found)),
    notify_stop: on((notify, found) => (notify.stop = found)),
    notify: on((notify, found) => (notify.any = found)),
    notify_deleted: {
      ...deleted,
      read(line, target, parser) {
        if (line.words.length > 1) deleted.read(line, target, parser)
        else notifierOf(target).notify.deleted = true
      },
    },
    ...(what === 'vrrp_instance' && {
      notify_master_rx_lower_pri: on((notify, found) => (notify.masterRxLowerPriority = found)),
    }),
    smtp_alert: bool<T>({
      initial: 'as in global_defs',
      bad: text => `Invalid ${what} smtp_alert parameter ${text}`,
      set: (target, value) => void (notifierOf(target).smtpAlert = value),
    }),
    notify_priority_changes: bool<T>({
      initial: 'as in global_defs',
      bad: (text, target) =>
        `(${notifierOf(target).name}) Invalid value '${text}' for notify_priority_changes specified`,
      set: (target, value) => void (notifierOf(target).notifyPriorityChanges = value),
    }),
  }
}
