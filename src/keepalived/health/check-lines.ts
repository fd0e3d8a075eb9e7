import type { Checker, MiscCheck, PortChecker } from '../config/tree/checker.js'

/* Lines of the log about a check, in keepalived's words; why it failed is added in brackets. */

/** What a check is called, by whom it asks: `server` and `service` are their names. */
function named(checker: PortChecker | MiscCheck, server: string, service: string): string {
  switch (checker.kind) {
    case 'HTTP_GET':
    case 'SSL_GET':
      return `HTTP_CHECK on service ${server}`
    case 'DNS_CHECK':
      return `DNS_CHECK (${server})`
    case 'PING_CHECK':
      return `ICMP CHECK on service ${server} of ${service}`
    case 'MISC_CHECK':
      return `Misc check for [${server} VS ${service}] by [${checker.script?.words[0] ?? ''}]`
    default:
      return `${checker.kind} on service ${server}`
  }
}

export function failedLine(
  checker: PortChecker | MiscCheck,
  server: string,
  service: string,
  retries: number,
  why: string,
): string {
  const disabled = checker.kind === 'MISC_CHECK' ? ' with retry disabled' : ''
  return `${named(checker, server, service)} failed${retries > 0 ? ` after ${retries} retries` : disabled} (${why}).`
}

export function succeededLine(checker: PortChecker | MiscCheck, server: string, service: string): string {
  switch (checker.kind) {
    case 'HTTP_GET':
    case 'SSL_GET':
      return `Remote Web server ${server} succeed on service.`
    case 'SMTP_CHECK':
      return `Remote SMTP server ${server} succeed on service.`
    case 'MISC_CHECK':
      return `${named(checker, server, service)} succeeded.`
    case 'PING_CHECK':
      return `ICMP connection to ${server} success.`
    default:
      return `${checker.kind.replace('_CHECK', '')} connection to ${server} success.`
  }
}

/** While a web server comes up, each url that is well gets a line. */
export function urlLine(server: string, url: { path: string; digest?: string }): string {
  const what = url.digest === undefined ? 'HTTP status code' : 'MD5 digest'
  return `${what} success to ${server} url(${url.path})`
}

/** What a mail says of a checker, in keepalived's words; where it says why, in ours. */
export function mailLine(kind: Checker['kind'] | undefined, isUp: boolean, why: string | undefined): string {
  switch (kind) {
    case 'HTTP_GET':
    case 'SSL_GET':
    case 'SMTP_CHECK':
      return isUp ? 'CHECK succeed on service' : `CHECK failed on service : ${why ?? 'request failed'}`
    case 'DNS_CHECK':
      return `DNS_CHECK: ${isUp ? 'succeed' : 'failed'} on service`
    case 'PING_CHECK':
      return `ICMP CHECK ${isUp ? 'succeed' : 'failed'} on service`
    case 'MISC_CHECK':
      return `MISC CHECK ${isUp ? 'succeeded' : why === 'timed out' ? why : 'failed'} on service`
    default:
      return `${(kind ?? 'FILE_CHECK').replace('_CHECK', '')} CHECK ${isUp ? 'succeed' : 'failed'} on service`
  }
}
