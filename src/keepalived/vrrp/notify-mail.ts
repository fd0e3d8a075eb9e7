import type { KeepalivedConfig } from '../config/tree/config.js'
import type { Action } from './action.js'
import { notifierOf } from './notify-scripts.js'

/** What a mail says; who sends it to whom is in global_defs. */
export interface NotifyMail {
  /** Without the router_id in brackets that keepalived puts before it. */
  readonly subject: string
  readonly body: string
}

/** The mail of a transition that is told of, where smtp_alert asks for one. None of a stop; of faults none with no_email_faults. */
export function notifyMail(
  told: Extract<Action, { kind: 'notify' }>,
  config: KeepalivedConfig,
  before?: KeepalivedConfig,
): NotifyMail | undefined {
  const { of, name, event } = told
  if (event === 'STOP' || event === 'MASTER_RX_LOWER_PRI') return undefined
  if (event === 'FAULT' && config.global.noEmailFaults) return undefined
  const notifier = notifierOf(told, config) ?? (before && notifierOf(told, before))
  if (!notifier?.smtpAlert) return undefined
  const subject = `VRRP ${of === 'GROUP' ? 'Group' : 'Instance'} ${name} - Entering ${event} state`
  if (of === 'GROUP') return { subject, body: `=> All VRRP group instances are now in ${event} state <=` }
  return { subject, body: `=> VRRP Instance is ${event === 'MASTER' ? 'now' : 'no longer'} owning VRRP VIPs <=` }
}
