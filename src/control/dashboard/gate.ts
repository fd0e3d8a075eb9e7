import { isIP } from 'node:net'
import type { IncomingMessage } from 'node:http'

/*
 * Who may ask. A page of another site can have a reader's browser send requests here, and by a name of its own that it lets point to this
 * host (DNS rebinding) even read the answers. So the host that is asked for must be an address, localhost or a name that the
 * director was given; and what is not a page must be asked for by our own page, or by no browser.
 */

/** Whether it names its host twice, which each on its way may read in its own way (RFC 9112 §3.2). Node takes the first. */
export function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host').length > 1
}

/** Why the host that is asked for is not served, in a line. `names` are in lower case. */
export function whyNotThisHost({ headers }: IncomingMessage, names: ReadonlySet<string>): string | undefined {
  const host = (headers.host ?? '').toLowerCase()
  const name = /^\[(?<six>[^\]]+)\](?::\d{1,5})?$|^(?<other>[^:]*)(?::\d{1,5})?$/.exec(host)?.groups
  if (name?.['six'] !== undefined ? isIP(name['six']) === 6 : isServed(name?.['other'] ?? '', names)) return undefined
  return `Host '${printable(host)}' is not served: ask by address, as localhost, or start the director with --http-host NAME`
}

/** Why a request that is not for a page is not answered, in a line. */
export function whyNotFromThere({ headers }: IncomingMessage): string | undefined {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'asked for by a page of another site'
  const { origin } = headers
  const host = (headers.host ?? '').toLowerCase()
  if (origin === undefined || origin.toLowerCase().replace(/^https?:\/\//, '') === host) return undefined
  return `asked for by a page of '${printable(origin)}'`
}

function isServed(name: string, names: ReadonlySet<string>): boolean {
  return name === 'localhost' || isIP(name) === 4 || names.has(name)
}

function printable(text: string): string {
  return text.slice(0, 64).replaceAll(/[^ -~]/g, '?')
}
