import type { GlobalDefs } from '../config/tree/global.js'

/** By whom, to whom and through which server mails go. */
export interface MailSettings {
  readonly server: { readonly host: string; readonly port: number }
  /** What the header says: an address, or a name and an address in angle brackets. */
  readonly from: string
  readonly to: readonly string[]
  readonly heloName: string
  /** In brackets before each subject. */
  readonly routerId: string
  /** Of each wait for the server, ms. */
  readonly timeoutMs: number
}

/** The host's name, and the user that uvs runs as. */
export interface MailHost {
  readonly name: string
  readonly user: string
}

/** What global_defs say of mails; undefined: none are sent, for there is nobody to send to, or no smtp_server. */
export function mailSettings(global: GlobalDefs, host: MailHost): MailSettings | undefined {
  const { smtpServer: server, notificationEmail: to } = global
  if (server === undefined || to.length === 0) return undefined
  return {
    server,
    from: global.notificationEmailFrom ?? `${host.user}@${host.name}`,
    to,
    heloName: global.smtpHeloName ?? host.name,
    routerId: global.routerId ?? host.name,
    timeoutMs: global.smtpConnectTimeoutMs,
  }
}

/**
 * Whether the mail of a virtual or real server is sent: as its own smtp_alert says, else as those of global_defs; where nobody says
 * anything, of real servers alone. With no_checker_emails none of a checker whose server stays as it is.
 */
export function isCheckerMailWanted(
  { of, isWanted }: { readonly of: 'service' | 'server' | 'checker'; readonly isWanted?: boolean },
  { smtpAlertChecker, smtpAlert, noCheckerEmails }: GlobalDefs,
): boolean {
  if (of === 'checker' && noCheckerEmails) return false
  return isWanted ?? smtpAlertChecker ?? smtpAlert ?? of !== 'service'
}
