import ipaddr from 'ipaddr.js'
import type { Protocol } from '../../../control/protocol/api.js'
import { formatIpv6, parseIpv6 } from '../../../wire/ipv6-addr.js'
import type { Names } from './names.js'

/** `host[:port]` of -t, -u and -r. */
export interface Endpoint {
  family: 4 | 6
  /** In the form of listings: `2001:DB8:0::1` is `2001:db8::1`. */
  address: string
  /** undefined: not given. */
  port: number | undefined
}

/** undefined: illegal. */
export async function readEndpoint(
  text: string,
  protocol: Protocol | undefined,
  names: Names,
): Promise<Endpoint | undefined> {
  const bracketed = /^\[(.*)\]:(.*)$/.exec(text)
  if (bracketed) {
    const [, address = '', portText = ''] = bracketed
    const ipv6 = parseIpv6(address)
    if (!ipv6) return hostWithoutPort(address, names)
    const port = readPort(portText, protocol, names)
    return port === undefined ? undefined : { family: 6, address: formatIpv6(ipv6), port }
  }
  const ipv6 = text.indexOf(':') === text.lastIndexOf(':') ? undefined : parseIpv6(text)
  if (ipv6) return { family: 6, address: formatIpv6(ipv6), port: undefined } // `2001:db8::1:80` is all address
  const [host = '', portText, ...more] = text.split(':')
  const port = portText === undefined ? undefined : readPort(portText, protocol, names)
  if (more.length > 0 || (portText !== undefined && port === undefined)) return undefined
  if (portText === undefined) return hostWithoutPort(host, names)
  const address = await readAddress(host, names)
  return address === undefined ? undefined : { family: 4, address, port }
}

/** Text after the brackets of `[10.0.0.1]:80` is ignored. A number alone is not a host; with a port it is. */
async function hostWithoutPort(host: string, names: Names): Promise<Endpoint | undefined> {
  if (/^\s*[+-]?\d+$/.test(host)) return undefined
  const address = await readAddress(host, names)
  return address === undefined ? undefined : { family: 4, address, port: undefined }
}

function readPort(text: string, protocol: Protocol | undefined, names: Names): number | undefined {
  return readInteger(text, 65535) ?? (protocol && names.portNumber(text, protocol))
}

/** The form of every saved rule; the library takes ten times as long. */
const PLAIN = /^(?:(?:[1-9]?\d|1\d\d|2[0-4]\d|25[0-5])(?:\.(?!$)|$)){4}$/

/** IPv4. inet_aton's forms first (`127.1`, `0x7f000001`, anything after a blank is ignored), as in ipvsadm; then host names. */
export async function readAddress(text: string, names: Names): Promise<string | undefined> {
  if (PLAIN.test(text)) return text
  try {
    return ipaddr.IPv4.parse(text.replace(/\s.*$/s, '')).toString()
  } catch {
    return /^[\d.]*$/.test(text) ? undefined : names.addressOf(text)
  }
}

/** A decimal number from 0 to `most` as strtol takes it: ` 5`, `+5` and `010` are numbers; `5 `, `5x` and '' are not. */
export function readInteger(text: string, most: number): number | undefined {
  const value = /^\s*[+-]?\d+$/.test(text) ? Number(text) : NaN
  return value >= 0 && value <= most ? Math.abs(value) : undefined // abs: `-0` is 0
}

/** Like atoi(3): text after the digits is ignored, no digits are 0, and the number is cut to 32 bits. */
export function atoi(text: string): number {
  const [digits = '0'] = /^\s*[+-]?\d+/.exec(text) ?? []
  const value = BigInt(digits.trim().replace('+', ''))
  const most = 2n ** 63n - 1n
  return Number(BigInt.asIntN(32, value > most ? most : value < -most - 1n ? -most - 1n : value))
}
