import { timingSafeEqual } from 'node:crypto'
import { AH_ICV_AT, AH_ICV_LEN, AhView } from '../../wire/ah.js'
import { type IpAddr, formatIp, isSameIp } from '../../wire/ip-addr.js'
import { VRRP_AUTH_LEN, VrrpAuth, VrrpType, VrrpView } from '../../wire/vrrp.js'
import { integrityCheckOf } from './integrity-check.js'
import type { VrrpPacket } from './packet.js'
import { pseudoSum } from './pseudo-sum.js'
import type { AdvertRefusal, RefusalReason } from './refusal.js'
import type { InstanceSettings } from './settings.js'

/** What a valid advert says. */
export interface Advert {
  readonly source: IpAddr
  readonly priority: number
  readonly intervalMs: number
  /** That of the authentication header. */
  readonly sequence?: number
  /** Its checksum was that of keepalived before 2.0. */
  readonly hasOldChecksum: boolean
}

/** What the tests are made against. */
export interface Expected {
  readonly settings: InstanceSettings
  /** The interface's own addresses. */
  readonly ownAddresses: readonly IpAddr[]
  /** The last sequence number heard or sent. */
  readonly sequence: number
  /** The sender of the last valid advert. */
  readonly lastSource: IpAddr | undefined
}

/* Each test returns a refusal or undefined; the first refusal counts. They run in the order of REFUSALS:
 *   1. is it from another, and to us?                 own-source, destination, unicast-source
 *   2. has it crossed no router?                      ttl
 *   3. AH where we have it, and none where not?       ah-missing, ah-unexpected, ah-sequence, ah-icv
 *   4. is it an advert of our version, as a whole?    version, length, checksum, type
 *   5. of somebody with our configuration?            auth-type, password, interval, address-count, addresses
 */
const view = new VrrpView()
const ah = new AhView()

/** The advert in a packet whose VRID is ours, or why it is refused. Changes nothing. */
export function checkAdvert(packet: VrrpPacket, expected: Expected): Advert | AdvertRefusal {
  view.wrap(packet.dv, packet.at, packet.family)
  return (
    checkAddresses(packet, expected) ??
    checkTtl(packet, expected.settings) ??
    checkAh(packet, expected) ??
    checkFormat(packet, expected.settings) ??
    checkAuthentication(expected.settings) ??
    checkContent(packet, expected) ?? {
      source: packet.source,
      priority: view.priority,
      intervalMs: view.intervalMs,
      ...(packet.ahAt === undefined ? {} : { sequence: ah.sequence }),
      hasOldChecksum: !checksumIsRight(packet, packet.destination),
    }
  )
}

function checkAddresses(packet: VrrpPacket, { settings, ownAddresses }: Expected): AdvertRefusal | undefined {
  const { source, destination } = packet
  if (ownAddresses.some(own => isSameIp(own, source)))
    return refusal('own-source', `source ${formatIp(source)} is ours`)
  const isOurs = settings.isUnicast
    ? ownAddresses.some(own => isSameIp(own, destination)) ||
      (settings.source !== undefined && isSameIp(settings.source, destination))
    : isSameIp(settings.group, destination)
  if (!isOurs) return refusal('destination', `sent to ${formatIp(destination)}`)
  if (!settings.isUnicast || peerOf(packet, settings)) return undefined
  if (!settings.checksUnicastSource && !settings.peers.some(limitsTtl)) return undefined
  return refusal('unicast-source', `unicast source address ${formatIp(source)} not a unicast peer`)
}

function checkTtl(packet: VrrpPacket, settings: InstanceSettings): AdvertRefusal | undefined {
  const { ttl } = packet
  if (!settings.isUnicast) {
    return ttl === 255 ? undefined : refusal('ttl', `invalid TTL/HL. Received ${ttl} and expect 255`)
  }
  const { minTtl, maxTtl } = peerOf(packet, settings) ?? { minTtl: 0, maxTtl: 255 }
  if (ttl >= minTtl && ttl <= maxTtl) return undefined
  return refusal('ttl', `TTL/HL ${ttl} not in range ${minTtl} - ${maxTtl}`)
}

function checkAh(packet: VrrpPacket, { settings, sequence }: Expected): AdvertRefusal | undefined {
  const { ahAt, dv, ipAt, ipLen } = packet
  const { authentication } = settings
  if (authentication?.type !== 'AH') {
    return ahAt === undefined ? undefined : refusal('ah-unexpected', 'an authentication header, expecting none')
  }
  if (ahAt === undefined) return refusal('ah-missing', 'no authentication header')
  const heard = ah.wrap(dv, ahAt).sequence
  if (heard <= sequence) {
    return refusal('ah-sequence', `IPSEC-AH : sequence number ${heard} already processed. Local(${sequence})`)
  }
  const octets = new Uint8Array(dv.buffer, dv.byteOffset + ipAt, ipLen)
  const icvAt = ahAt - ipAt + AH_ICV_AT
  const right = integrityCheckOf(octets, ahAt - ipAt, authentication.password)
  if (timingSafeEqual(right, octets.subarray(icvAt, icvAt + AH_ICV_LEN))) return undefined
  return refusal('ah-icv', 'IPSEC-AH : invalid HMAC-MD5 value: changed on its way, or another password')
}

function checkFormat(packet: VrrpPacket, settings: InstanceSettings): AdvertRefusal | undefined {
  const { version } = view
  if (version !== settings.version) {
    return refusal('version', `wrong version. Received ${version} and expect ${settings.version}`)
  }
  if (!view.isWhole(packet.len)) {
    const around = packet.ipLen - packet.len
    const how = packet.len < view.wholeLen ? 'short' : 'long'
    return refusal('length', `vrrp packet too ${how}, length ${packet.ipLen} and expect ${view.wholeLen + around}`)
  }
  if (!checksumIsAccepted(packet, settings)) return refusal('checksum', `Invalid VRRPv${version} checksum`)
  if (view.type === VrrpType.ADVERTISEMENT) return undefined
  return refusal('type', `Invalid packet type. ${view.type} and expect ${VrrpType.ADVERTISEMENT}`)
}

function checkAuthentication({ version, authentication }: InstanceSettings): AdvertRefusal | undefined {
  if (version !== 2) return undefined
  const type = authentication === undefined ? VrrpAuth.NONE : VrrpAuth[authentication.type]
  if (view.authType !== type) return refusal('auth-type', `received a ${view.authType} auth, expecting ${type}!`)
  if (authentication?.type !== 'PASS') return undefined
  let difference = 0
  for (let at = 0; at < VRRP_AUTH_LEN; at++) {
    difference |= view.authOctet(at) ^ passwordOctet(authentication.password, at)
  }
  return difference === 0 ? undefined : refusal('password', 'received an invalid passwd!')
}

function checkContent(packet: VrrpPacket, { settings, lastSource }: Expected): AdvertRefusal | undefined {
  const { vips, version, advertIntervalMs, vrid } = settings
  if (version === 2 && view.intervalMs !== advertIntervalMs) {
    const [mine, received] = [advertIntervalMs / 1000, view.intervalMs / 1000]
    return refusal('interval', `advertisement interval mismatch mine=${mine} sec rcv'd=${received} sec`)
  }
  const isKnown = lastSource !== undefined && isSameIp(lastSource, packet.source)
  if (settings.skipCheckAdvAddr && isKnown) return undefined
  if (view.count !== vips.length) {
    return refusal('address-count', `received an unexpected ip number count ${view.count}, expected ${vips.length}!`)
  }
  const missing = vips.find((vip, index) => !isListed(vip.address, index))
  if (!missing) return undefined
  const address = formatIp(missing.address)
  return refusal('addresses', `ip address associated with VRID ${vrid} not present in MASTER advert: ${address}`)
}

/** Whether an advert lists an address; the order is free, but mostly the same. */
function isListed(address: IpAddr, likelyAt: number): boolean {
  if (isSameIp(view.address(likelyAt), address)) return true
  for (let index = 0; index < view.count; index++) if (isSameIp(view.address(index), address)) return true
  return false
}

function checksumIsAccepted(packet: VrrpPacket, settings: InstanceSettings): boolean {
  const { oldChecksum } = settings
  if (oldChecksum !== 'old' && checksumIsRight(packet, packet.destination)) return true
  const mayBeOld = settings.version === 3 && settings.isUnicast && oldChecksum !== 'never'
  return mayBeOld && checksumIsRight(packet, settings.group)
}

function checksumIsRight(packet: VrrpPacket, destination: IpAddr): boolean {
  const sum = view.version === 2 ? 0 : pseudoSum(packet.source, destination, packet.len)
  return view.checksumOk(packet.len, sum)
}

function peerOf({ source }: VrrpPacket, { peers }: InstanceSettings): InstanceSettings['peers'][number] | undefined {
  return peers.find(peer => isSameIp(peer.address, source))
}

function limitsTtl({ minTtl, maxTtl }: { minTtl: number; maxTtl: number }): boolean {
  return minTtl > 0 || maxTtl < 255
}

/** The password is filled up with zeros. */
function passwordOctet(password: string, at: number): number {
  return at < password.length ? password.charCodeAt(at) & 0xff : 0
}

function refusal(reason: RefusalReason, text: string): AdvertRefusal {
  return { reason, text }
}
