import type { MailSettings } from './mail-settings.js'

/** What is told. */
export interface Mail {
  readonly subject: string
  readonly body: string
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** A mail as DATA takes it (RFC 5322), up to the dot that ends it. The headers are keepalived's, X-Mailer too: filters go by it. */
export function mailText({ subject, body }: Mail, settings: MailSettings, now: Date): string {
  const { from, to, routerId } = settings
  const lines = [
    `Date: ${mailDate(now)}`,
    `From: ${from}`,
    `Subject: [${routerId}] ${subject}`,
    'X-Mailer: Keepalived',
    `To: ${to.join(', ')}`,
    '',
    body,
    '',
  ]
  // A line that begins with a dot gets another one (RFC 5321, 4.5.2).
  return [...lines.map(line => oneLine(line).replace(/^\./, '..')), '.', ''].join('\r\n')
}

/** `Sun, 29 Nov 2026 04:59:46 +0000`, in the host's time zone. */
export function mailDate(now: Date): string {
  const eastOf = -now.getTimezoneOffset()
  const [hours, minutes] = [Math.floor(Math.abs(eastOf) / 60), Math.abs(eastOf) % 60]
  const date = `${DAYS[now.getDay()]}, ${two(now.getDate())} ${MONTHS[now.getMonth()]} ${now.getFullYear()}`
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join(':')
  return `${date} ${time} ${eastOf < 0 ? '-' : '+'}${two(hours)}${two(minutes)}`
}

/** The address alone: of `Ops <ops@example.com>` what stands in the brackets. */
export function addressOf(text: string): string {
  return oneLine(/<([^<>]*)>/.exec(text)?.[1] ?? text)
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ')
}
