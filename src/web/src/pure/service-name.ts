import type { Protocol, ServiceKey } from '../../../control/protocol/api.ts'
import { endpointText as endpoint, serviceName } from '../../../control/protocol/service-name.ts'

export { endpoint, serviceName }

/* A virtual service as text, in an address of a page, and as uvsadm's options. */

const PROTOCOLS: readonly string[] = ['tcp', 'udp', 'sctp']
const OPTIONS: Readonly<Record<Protocol, string>> = { tcp: '-t', udp: '-u', sctp: '--sctp-service' }

/** `tcp/192.168.10.100:80`, `fwm/7`, `fwm6/7`. */
export function servicePath(key: ServiceKey): string {
  if ('mark' in key) return `fwm${key.family === 6 ? '6' : ''}/${key.mark}`
  return `${key.protocol}/${endpoint(key)}`
}

export function serviceFromPath([kind = '', at = '', ...rest]: readonly string[]): ServiceKey | undefined {
  if (rest.length > 0) return undefined
  if (kind === 'fwm' || kind === 'fwm6') {
    if (!/^\d{1,10}$/.test(at)) return undefined
    return { mark: Number(at), ...(kind === 'fwm6' && { family: 6 as const }) }
  }
  const place = parseEndpoint(at)
  return PROTOCOLS.includes(kind) && place ? { protocol: kind as Protocol, ...place } : undefined
}

/** The same of what `serviceName` makes; undefined: of nothing that has a page. */
export function serviceFromName(name: string): ServiceKey | undefined {
  const [kind = '', at = '', ...rest] = name.split(' ')
  const [family = ''] = rest
  return serviceFromPath([kind.toLowerCase() + family.replace('IPv6', '6'), at, ...rest.slice(1)])
}

/** 'address:port', IPv6 in brackets; undefined: it is none. Which addresses there are is the director's to say. */
export function parseEndpoint(text: string): { address: string; port: number } | undefined {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|(\d{1,3}(?:\.\d{1,3}){3})):(\d{1,5})$/.exec(text)
  const port = Number(found?.[3])
  if (!found || port > 65535) return undefined
  return { address: found[1] ?? found[2]!, port }
}

/** `-t 192.168.10.100:80`, `-f 7`. */
export function serviceOption(key: ServiceKey): string {
  if ('mark' in key) return `-f ${key.mark}${key.family === 6 ? ' -6' : ''}`
  return `${OPTIONS[key.protocol]} ${endpoint(key)}`
}

export function isSameService(one: ServiceKey, other: ServiceKey): boolean {
  return servicePath(one) === servicePath(other)
}
