import type { KeepalivedConfig } from '../../../keepalived/config/tree/config.js'

/** What of a configuration the director does not do, a line each. */
export function notDone({ global, trackFiles }: KeepalivedConfig): string[] {
  const found: string[] = []
  if (global.notificationEmail.length > 0 && global.smtpServer === undefined)
    found.push('notification_email without smtp_server: no mails are sent')
  if (trackFiles.some(({ initValue }) => initValue !== undefined)) found.push('init_file of a track_file: not written')
  return found
}
