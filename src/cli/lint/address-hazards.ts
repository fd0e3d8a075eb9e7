import { isIPv6 } from 'node:net'
import {
  broadcastOf,
  isLimitedBroadcast,
  isLoopback,
  isMulticast,
  isZeronet,
  parseIpv4,
  type Cidr,
} from '../../wire/addr.js'
import { type Found, type Hazard, keyText, ofService, passesDirector } from './hazard.js'

const CLASS_E = 15

export interface NoHost {
  /** What kind of address it is. */
  why: string
  /** Whether the director sends packets to it nevertheless. */
  isServed: boolean
  /** info: it may be a host's address. */
  severity: 'hazard' | 'info'
}

/** Why an IPv4 address is probably not a host's. `networks`: the networks of the director's addresses, if they are known. */
export function notAHost(text: string, networks: readonly Cidr[]): NoHost | undefined {
  const addr = parseIpv4(text)
  if (addr === undefined) return undefined
  if (addr === 0) return certain('no address at all, and no wildcard')
  if (isZeronet(addr)) return certain('of 0.0.0.0/8, "this network"')
  if (isLoopback(addr)) return certain('of 127.0.0.0/8, which is each host itself')
  if (isMulticast(addr)) return certain('a multicast group')
  if (isLimitedBroadcast(addr)) return certain('the broadcast address of every network')
  for (const network of networks) {
    const name = `the --address network with /${network.prefix}`
    if (addr === broadcastOf(network)) return certain(`the broadcast address of ${name}`)
    if (network.prefix < 31 && addr === (network.addr & network.mask))
      return { ...certain(`${name} itself, which older hosts take for its broadcast address`), isServed: true }
  }
  if (addr >>> 28 === CLASS_E)
    return { ...certain('of class E (240.0.0.0/4): Linux takes it, most others drop it'), isServed: true }
  if (networks.length === 0 && (addr & 255) === 255)
    return {
      why: 'a broadcast address if its network is a /24 (lint knows those of --address)',
      isServed: true,
      severity: 'info',
    }
  return undefined
}

function isHere(text: string): boolean {
  const addr = parseIpv4(text)
  return addr !== undefined && isLoopback(addr)
}
function certain(why: string): NoHost {
  return { why, isServed: false, severity: 'hazard' }
}

export const addressHazards: readonly Hazard[] = [
  ofService('not-a-host', function* ({ line, key, servers, localAddresses }, { networks, whoAnswers }): Found {
    const found = 'mark' in key ? undefined : notAHost(key.address, networks)
    if (found && !('mark' in key))
      yield {
        line,
        severity: found.severity,
        message: `${key.address} is ${found.why}${found.isServed ? '' : `: ${keyText(key)} is kept and listed, but ${isHere(key.address) ? DROPPED_HERE : NOT_BALANCED}`}; ${TAKE_ANOTHER}`,
      }
    const localNodes = servers.filter(({ address, settings }) => isHere(address) && !passesDirector(settings.method))
    // Where the host is known, the director has refused those that it cannot serve.
    for (const { line: at, address } of whoAnswers === undefined ? localNodes : [])
      yield { line: at, severity: 'info', message: `${address} is the director's own host: ${WHERE_SERVED}` }
    const others = servers.filter(server => !localNodes.includes(server))
    for (const { line: at, address } of [...others, ...localAddresses]) {
      const wrong = isIPv6(address) ? undefined : notAHost(address, networks)
      if (wrong) yield { line: at, severity: wrong.severity, message: `${address} is ${wrong.why}; ${TAKE_ANOTHER}` }
    }
  }),
]

const NOT_BALANCED = 'claimed by nobody, and no packet is balanced'
const DROPPED_HERE =
  "reached by nobody: beside a kernel what the host's own programs send there is dropped, also if one listens"
const WHERE_SERVED =
  'its sockets serve that beside a kernel that holds the VIP, and elsewhere it is refused (--raw IF says which)'
export const TAKE_ANOTHER = "write a host's address"
