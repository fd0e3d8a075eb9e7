import type { ServiceInfo } from '../../../control/protocol/api.js'
import type { DropInfo } from '../../../control/protocol/drops.js'
import { adviceOn } from '../explain/advice.js'
import { nameOf } from '../seen/checked-name.js'
import { type Examine, type Finding, type Seen } from './finding.js'

/** What other hosts' ordinary traffic brings, what ends by itself, and what others of these files explain. */
const NO_FAULT = new Set([
  'refused',
  'drop-not-ours',
  'drop-ethertype',
  'drop-broadcast',
  'drop-arp-not-for-us',
  'drop-arp-spoofs-us',
  'drop-rst-unknown',
  'drop-ttl',
  'drop-fragment-duplicate',
  'drop-no-destination',
  'drop-no-connection',
])
/** What is longer ago is over. */
const LONG_AGO_S = 600
const DEVICE = 'drop-device-'

/** Reasons for drops that somebody should do something about. */
export const dropped: Examine = function* (seen) {
  for (const drop of seen.drops) {
    if (NO_FAULT.has(drop.reason) || (drop.last?.ago ?? 0) > LONG_AGO_S) continue
    yield lostBy(drop, seen) ?? ownFinding(drop, seen) ?? plain(drop)
  }
}

/** What an interface loses has no frame to show, nor a time: only what is lost meanwhile is known to go on. */
function lostBy({ reason, count }: DropInfo, { before }: Seen): Finding | undefined {
  if (!reason.startsWith(DEVICE) || adviceOn(reason) !== undefined) return undefined
  const name = reason.slice(DEVICE.length)
  const now = count - (before.drops.get(reason) ?? 0)
  if (now > 0)
    return {
      cause: `frames are lost at the interface ${name}: it is gone or down, or takes fewer than come`,
      seen: `${now} while uvs doctor looked, ${count} so far`,
      advice: `ip link show ${name}: is it there, and UP; a port of it or its peer may be down. A flood: uvs drops --watch, more workers`,
    }
  return {
    cause: `frames were lost at the interface ${name}`,
    seen: `${count} so far, none while uvs doctor looked`,
    advice: 'it was gone or down, or more came than were taken: uvs drops --watch shows whether that goes on',
  }
}

function plain(drop: DropInfo): Finding {
  return {
    cause: `packets are dropped: ${drop.reason}`,
    seen: lastOf(drop),
    advice: adviceOn(drop.reason) ?? 'docs/architecture/path.md',
  }
}
function lastOf({ reason, count, last }: DropInfo): string {
  const counted = `${count} of ${reason}`
  if (last === undefined) return counted
  const service = last.service === undefined ? '' : `, for ${last.service}`
  return `${counted}; the last ${last.ago} s ago by ${last.link}: ${last.packet}${service}`
}

function ownFinding(drop: DropInfo, { services }: Seen): Finding | undefined {
  const field = (name: string): string => drop.last?.fields.find(([known]) => known === name)?.[1] ?? '?'
  if (drop.last?.link === 'lo') return ofHost(drop, field)
  switch (drop.reason) {
    case 'drop-source-invalid':
      return {
        cause: `packets come from ${field('ip.src')}, a source that no host may have (a martian)`,
        seen: lastOf(drop),
        advice: `find the host with MAC ${field('eth.src')} on ${drop.last?.link ?? 'that link'}: it sends them, or routes them without a check`,
      }
    case 'drop-too-big': {
      const service = services.find(each => nameOf(each) === drop.last?.service)
      if (service === undefined || !isByTunnel(service)) return undefined
      return {
        cause: `packets of ${field('ip.src')} are too long for the tunnel to the real servers of ${nameOf(service)}: its header takes 20 octets of the MTU, or more`,
        seen: lastOf(drop),
        advice:
          'each sender is told by ICMP (fragmentation needed): let that through to clients. Or have real servers ask for less, ip route change default via GATEWAY advmss 1440; or raise the MTU between director and real servers',
      }
    }
    case 'drop-neighbour-failed':
      return {
        cause: `the way to ${field('ip.dst')} does not answer ARP: it, or the router before it, is down or in another network`,
        seen: lastOf(drop),
        advice: 'is it up, are address and prefix right; uvsadm -e … -w 0 takes it out meanwhile',
      }
    default:
      return undefined
  }
}
/** By lo come packets of the host's own programs: no other host is to be found. */
function ofHost(drop: DropInfo, field: (name: string) => string): Finding | undefined {
  const [source, destination] = [field('ip.src'), field('ip.dst')]
  const service = drop.last?.service
  if (destination.startsWith('127.'))
    return {
      cause: `what programs of this host send to ${destination} is dropped: ${service ?? 'a service'} takes it, and nobody reaches a service of 127.0.0.0/8`,
      seen: lastOf(drop),
      advice: `make the service's address one that clients can have a route to, and delete this one: then ${destination} is the programs' again`,
    }
  if (drop.reason !== 'drop-source-invalid') return undefined
  return {
    cause: `a program of this host sends from ${source} to ${service ?? destination}: the program's own address, to which no real server can answer`,
    seen: lastOf(drop),
    advice: 'bind it to none, or to an address of the host that real servers can answer; ip_vs drops these, too',
  }
}
function isByTunnel({ destinations }: ServiceInfo): boolean {
  return destinations.some(({ method }) => method === 'tunnel')
}
