import { bool } from '../arguments.js'
import type { ConfigDraft } from '../draft.js'
import type { Keyword, Table } from '../parser.js'
import { script } from '../script-line.js'
import type { NotifyScripts } from '../tree/vrrp.js'

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
  const on = (key: keyof NotifyScripts): Keyword<T> =>
    script<T>({
      by: '',
      draft: configOf,
      name: target => notifierOf(target).name,
      has: target => notifierOf(target).notify[key] !== undefined,
      set: (target, found) => void (notifierOf(target).notify[key] = found),
    })
  const deleted = on('deleted')
  return {
    notify_master: on('master'),
    notify_backup: on('backup'),
    notify_fault: on('fault'),
    notify_stop: on('stop'),
    notify: on('any'),
    ...(what === 'vrrp_instance' && {
      notify_deleted: {
        ...deleted,
        read(line, target, parser) {
          if (line.words.length > 1) deleted.read(line, target, parser)
          else notifierOf(target).notify.deleted = true
        },
      },
      notify_master_rx_lower_pri: on('masterRxLowerPriority'),
    }),
    smtp_alert: bool<T>({
      initial: 'as in global_defs',
      bad: text => `Invalid ${what} smtp_alert parameter ${text}`,
      set: (target, value) => void (notifierOf(target).smtpAlert = value),
    }),
    notify_priority_changes: bool<T>({
      initial: 'as in global_defs',
      bad: (text, target) =>
        `(${notifierOf(target).name}) Invalid value '${text}' for ${what === 'vrrp_group' ? 'sync group ' : ''}notify_priority_changes specified`,
      set: (target, value) => void (notifierOf(target).notifyPriorityChanges = value),
    }),
  }
}
