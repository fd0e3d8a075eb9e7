import { createHmac } from 'node:crypto'
import { checksum, concat, u16, u32, unhex } from '../../support/octets.js'
import { addrOctets } from '../../support/octets.js'

/* Adverts of any kind, right or wrong, as IP packets. Shares no code with src/. */

export interface Forged {
  version?: number
  type?: number
  vrid?: number
  priority?: number
  /** As text; the family is the source's. */
  addresses?: readonly string[]
  count?: number
  /** Version 2: seconds; version 3: hundredths. */
  interval?: number
  source?: string
  destination?: string
  ttl?: number
  authType?: number
  password?: string
  /** With an authentication header. */
  ah?: { sequence: number; password: string; length?: number }
  /** Flips bits of it. */
  spoilChecksum?: number
  spoilIcv?: number
  /** Octets of the VRRP part that are left. */
  cut?: number
  extra?: number
  /** Version 3: the destination that the checksum is made for. */
  summedFor?: string
  flags?: number
}

export function forged(advert: Forged = {}): Uint8Array {
  const source = advert.source ?? '192.0.2.3'
  return source.includes(':') ? overIpv6(advert, source) : overIpv4(advert, source)
}

function overIpv4(advert: Forged, source: string): Uint8Array {
  const { destination = '224.0.0.18', ttl = 255, ah, flags = 0 } = advert
  const [src, dst] = [addrOctets(source), addrOctets(destination)]
  const pseudo = (len: number): Uint8Array =>
    concat(src, addrOctets(advert.summedFor ?? destination), u16(112), u16(len))
  const vrrp = vrrpPart(advert, ['192.0.2.100'], addrOctets, pseudo)
  const ahLen = ah ? 24 : 0
  const header = (tos: number): Uint8Array =>
    concat(
      Uint8Array.of(0x45, tos),
      u16(20 + ahLen + vrrp.length),
      u16(1),
      u16(flags),
      Uint8Array.of(ttl, ah ? 51 : 112),
      u16(0),
      src,
      dst,
    )
  const ip = header(0xc0)
  ip.set(u16(checksum(ip)), 10)
  if (!ah) return concat(ip, vrrp)
  const start = concat(Uint8Array.of(112, ah.length ?? 4, 0, 0), src, u32(ah.sequence))
  const icv = Uint8Array.from(
    createHmac('md5', ah.password)
      .update(concat(header(0), start, new Uint8Array(12), vrrp))
      .digest()
      .subarray(0, 12),
  )
  icv[0]! ^= advert.spoilIcv ?? 0
  return concat(ip, start, icv, vrrp)
}

function overIpv6(advert: Forged, source: string): Uint8Array {
  const { destination = 'ff02::12', ttl = 255 } = advert
  const [src, dst] = [octetsOf6(source), octetsOf6(destination)]
  const pseudo = (len: number): Uint8Array =>
    concat(src, octetsOf6(advert.summedFor ?? destination), u32(len), u32(112))
  const vrrp = vrrpPart({ version: 3, ...advert }, ['fe80::100'], octetsOf6, pseudo)
  return concat(unhex('6c000000'), u16(vrrp.length), Uint8Array.of(112, ttl), src, dst, vrrp)
}

function vrrpPart(
  advert: Forged,
  usual: readonly string[],
  octetsOf: (text: string) => Uint8Array,
  pseudo: (len: number) => Uint8Array,
): Uint8Array {
  const { version = 2, type = 1, vrid = 51, priority = 100, addresses = usual, password = '', extra = 0 } = advert
  const { count = addresses.length, authType = advert.ah ? 2 : password ? 1 : 0 } = advert
  const { interval = version === 2 ? 1 : 100 } = advert
  const auth = new Uint8Array(8)
  auth.set(Buffer.from(password, 'latin1').subarray(0, 8))
  const part = concat(
    Uint8Array.of((version << 4) | type, vrid, priority, count),
    version === 2 ? Uint8Array.of(authType, interval) : u16(interval),
    u16(0),
    ...addresses.map(octetsOf),
    version === 2 ? auth : new Uint8Array(0),
    new Uint8Array(extra),
  ).slice(0, advert.cut)
  if (part.length < 8) return part
  const summed = version === 2 ? part : concat(pseudo(part.length), part)
  part.set(u16(checksum(summed) ^ (advert.spoilChecksum ?? 0)), 6)
  return part
}

/** Of the short forms in these tests: eight words, one `::`. */
function octetsOf6(text: string): Uint8Array {
  const [head = '', tail = ''] = text.split('::')
  const [before, behind] = [wordsOf(head), wordsOf(tail)]
  const zeros = Array.from({ length: 8 - before.length - behind.length }, () => 0)
  return concat(...[...before, ...zeros, ...behind].map(u16))
}

const wordsOf = (part: string): number[] => (part ? part.split(':').map(word => Number.parseInt(word, 16)) : [])
