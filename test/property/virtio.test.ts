import t from 'tap'
import type { DestinationSettingsInfo, ServiceSettingsInfo } from '../../src/control/protocol/api.js'
import { LADDR, keyAt, LPORT } from '../../src/conn/fullnat-keys.js'
import { DPORT_PROTOCOL } from '../../src/conn/record.js'
import { seededRandom } from '../../src/director/random.js'
import type { Slab } from '../../src/packet/frame.js'
import type { Link } from '../../src/packet/link.js'
import { verdictNames } from '../../src/packet/verdict.js'
import { formatIpv4, type Ipv4Addr } from '../../src/wire/addr.js'
import { BenchDirector, VIP } from '../support/bench-director.js'
import { addrText, checksum, hex, readU16, readU32 } from '../support/octets.js'
import { records } from '../support/records.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'
import { Dice, drawFrame, type Handed } from './lying-frames.js'
import { seed } from '../support/properties.js'
import { checkControllers, checkCounts, checkFree, checkLocal, checkWheel } from './whole.js'

/*
 * Whatever is handed over, true or not: nothing throws, nothing outside the frame is written, and what leaves is true, and
 * no larger than its virtio-net header and the route's MTU allow. The fast path and the whole path do the same.
 */
const FRAMES = 600
const SERVER = 0x0a63020b as Ipv4Addr
const HEADROOM = 64
const VNET = 10
const AROUND = 0xa5

type Told = Pick<ServiceSettingsInfo, 'clientAddress'>
const WAYS: [name: string, settings: Partial<DestinationSettingsInfo>, told?: Told][] = [
  ['NAT', { method: 'masq' }],
  ['direct routing', { method: 'direct' }],
  ['FULLNAT', { method: 'fullnat' }],
  ['FULLNAT with TOA', { method: 'fullnat' }, { clientAddress: 'toa' }],
  ['FULLNAT with PROXY 1', { method: 'fullnat' }, { clientAddress: 'proxy-v1' }],
  ['FULLNAT with PROXY 2', { method: 'fullnat' }, { clientAddress: 'proxy-v2' }],
  ['IPIP', { method: 'tunnel' }],
  ['GRE', { method: 'tunnel', tunnel: { type: 'gre', port: 0, checksum: 'none' } }],
  ['GRE with checksum', { method: 'tunnel', tunnel: { type: 'gre', port: 0, checksum: 'full' } }],
  ['GUE', { method: 'tunnel', tunnel: { type: 'gue', port: 6080, checksum: 'none' } }],
  ['GUE with checksum', { method: 'tunnel', tunnel: { type: 'gue', port: 6080, checksum: 'full' } }],
  ['GUE with remote checksum', { method: 'tunnel', tunnel: { type: 'gue', port: 6080, checksum: 'remote' } }],
]
const ROUTES: string[][] = [
  ['default=10.99.1.254'],
  ['default=10.99.1.254', '10.99.2.11/32=@r,mtu=1000', '10.99.1.0/24=@c,mtu=576'],
  ['default=10.99.1.254', '10.99.2.0/24=@r,mtu=65535', '10.99.1.0/24=@c,mtu=65535'],
  ['default=10.99.1.254', '10.99.2.11/32=@r,mtu=68'],
]

interface Out {
  link: Link
  slab: Slab
  at: number
  len: number
}

class Subject extends BenchDirector {
  readonly sent: Out[]

  constructor([, settings, told]: (typeof WAYS)[number], routes: string[], isWholePath: boolean) {
    const sent: Out[] = []
    const egress = {
      transmit: (link: Link, slab: Slab, at: number, len: number) => sent.push({ link, slab, at, len }) > 0,
    }
    super({ isWholePath, routes, egress })
    this.sent = sent
    for (const [protocol, port] of [
      ['tcp', 80],
      ['udp', 53],
      ['sctp', 9],
    ] as const) {
      const service = { protocol, address: VIP, port }
      const more = protocol === 'tcp' ? (told ?? {}) : {}
      this.must({ op: 'add-service', service, settings: serviceSettings('rr', more as Partial<ServiceSettingsInfo>) })
      if (settings.method === 'fullnat') this.must({ op: 'add-local-address', service, address: '10.99.2.201' })
      const destination = { address: '10.99.2.11', port }
      this.must({ op: 'add-destination', service, destination, settings: destinationSettings(1, settings) })
    }
  }
  /** Whom the real server answers, of the newest connection of the protocol. */
  answersTo(protocol: number): string | undefined {
    const { conns } = this.director
    if (conns.fullnatKeys.count === 0) return undefined
    const conn = records(conns).find(each => (conns.table.words[each + DPORT_PROTOCOL]! & 0xff) === protocol)
    if (conn === undefined) return undefined
    const { words } = conns.fullnatKeys
    return `${formatIpv4(words[keyAt(conn) + LADDR]! as Ipv4Addr)}:${words[keyAt(conn) + LPORT]}`
  }
  /** The verdict; throws for anything that was written around the frame. */
  hand({ link, frame, header }: Handed, behind: number): string {
    const at = 100 + HEADROOM + VNET
    const bytes = new Uint8Array(at + frame.length + behind).fill(AROUND)
    bytes.set(header, at - VNET)
    bytes.set(frame, at)
    const slab = { bytes, view: new DataView(bytes.buffer), address: 0 }
    const into = this.director.links.find(({ name }) => name === link)!
    const verdict = this.director.receive(into, slab, at, frame.length)
    for (let i = 0; i < 100; i++) if (bytes[i] !== AROUND) throw new Error('written before the headroom')
    for (let i = at + frame.length; i < bytes.length; i++) if (bytes[i] !== AROUND) throw new Error('written behind it')
    return verdictNames.get(verdict) ?? `no verdict: ${verdict}`
  }
  /** Throws for a frame that may not leave so. */
  check(): void {
    for (const out of this.sent) {
      const { slab, at, len, link } = out
      if (!Number.isInteger(at) || at < VNET || at + len > slab.bytes.length) throw new Error(`at ${at}, ${len} octets`)
      if (this.director.links[link.index] !== link) throw new Error('by no link of ours')
      const frame = slab.bytes.subarray(at, at + len)
      const header = slab.bytes.subarray(at - VNET, at)
      const { routes } = this.director
      // By direct routing what is still for the VIP goes the way to the real server.
      const to =
        link.name === 'r' && addrText(frame.slice(30, 34)) === VIP ? SERVER : ((readU32(frame, 30) | 0) as Ipv4Addr)
      const fault = faultOf(frame, header, routes.pathMtu(to, routes.lookup(to)!))
      if (fault !== '') throw new Error(`${fault}: ${hex(header)} ${hex(frame.subarray(0, 100))} (${len} octets)`)
    }
  }
}

/** What is wrong with a frame that was sent; '' if nothing is. */
function faultOf(frame: Uint8Array, header: Uint8Array, mtu: number): string {
  const little = (at: number): number => header[at]! | (header[at + 1]! << 8)
  const [flags, gsoType, hdrLen, gsoSize, csumStart, csumOffset] = [
    header[0]!,
    header[1]!,
    little(2),
    little(4),
    little(6),
    little(8),
  ]
  if (readU16(frame, 12) === 0x0806) return flags + gsoType === 0 ? '' : 'ARP that is not plain'
  if (readU16(frame, 12) !== 0x0800) return 'neither ARP nor IPv4'
  const ipLen = readU16(frame, 16)
  const transport = 14 + (frame[14]! & 15) * 4
  if (frame[14]! >> 4 !== 4 || transport < 34 || ipLen + 14 !== frame.length) return 'no IPv4 packet'
  if (checksum(frame.slice(14, transport)) !== 0) return 'a wrong IP checksum'
  if ((flags & ~1) !== 0) return `flags ${flags}`
  const isPartial = flags === 1
  if (isPartial && (csumStart < transport || csumStart + csumOffset + 2 > frame.length)) return 'a checksum elsewhere'
  if (isPartial && (readU16(frame, 20) & 0x3fff) !== 0) return 'a checksum left of a piece'
  if (gsoType === 0)
    return ipLen > mtu ? `${ipLen} octets where ${mtu} may be` : hdrLen === 0 ? '' : `hdr_len ${hdrLen}`
  const start = isPartial ? csumStart : transport
  const isTcp = (gsoType & 0x7f) === 1 || (gsoType & 0x7f) === 4
  if (!isTcp && gsoType !== 5 && gsoType !== 3) return `GSO type ${gsoType}`
  if (start === transport && frame[23] !== (isTcp ? 6 : 17)) return `GSO type ${gsoType} of protocol ${frame[23]}`
  const headers = start + (isTcp ? (frame[start + 12]! >> 4) * 4 : 8)
  if (hdrLen !== headers || hdrLen > frame.length) return `hdr_len ${hdrLen}, where headers are ${headers}`
  if (gsoSize === 0 || gsoSize + headers >= frame.length) return `segments of ${gsoSize}`
  return gsoSize + headers - 14 > mtu ? `segments of ${gsoSize + headers - 14} octets where ${mtu} may be` : ''
}

/** The tables are whole, and nothing is left in them when all that was due has been done. */
function checkTables(subject: Subject): void {
  const { conns, balancing } = subject.director
  const all = records(conns)
  checkWheel(conns, all)
  checkControllers(conns, all)
  checkLocal(conns, all)
  checkCounts(
    conns,
    all,
    balancing.inKernelOrder().flatMap(service => [...service.destinations]),
  )
  checkFree(conns, all)
  for (let i = 0; i < 4; i++) {
    subject.now += 2_000_000
    while (!subject.director.poll(subject.now));
  }
  if (conns.table.count !== 0) throw new Error(`${conns.table.count} connections are left`)
}

const verdicts = new Map<string, number>()

for (const [w, way] of WAYS.entries())
  t.test(`${way[0]}: whatever is handed over, nothing throws, and what leaves is true`, async t => {
    const dice = new Dice(seededRandom(seed * 1000 + w))
    let frames = 0
    for (const routes of ROUTES) {
      const [fast, whole] = [new Subject(way, routes, false), new Subject(way, routes, true)]
      for (let i = 0; i < FRAMES / ROUTES.length; i++) {
        const handed = drawFrame(dice, protocol => fast.answersTo(protocol))
        const [behind, ms] = [dice.one([0, 0, 100]), dice.one([0, 0, 0, 10, 1000, 61_000])]
        const label = `${routes.join(' ')}, frame ${i}: ${hex(handed.header)} ${hex(handed.frame.subarray(0, 120))} (${handed.frame.length} octets)`
        try {
          const [one, other] = [fast, whole].map(subject => {
            const verdict = subject.hand(handed, behind)
            subject.check()
            return verdict
          })
          if (one !== other) throw new Error(`${one} by the fast path, ${other} by the whole one`)
          checkSame(fast.sent, whole.sent)
          frames += fast.sent.length
          verdicts.set(one!, (verdicts.get(one!) ?? 0) + 1)
          for (const subject of [fast, whole]) {
            subject.sent.length = 0
            subject.poll(ms)
            subject.check()
          }
        } catch (error) {
          t.fail(`${(error as Error).message}\n${label}`, error as Error)
          return
        }
        for (const subject of [fast, whole]) subject.sent.length = 0
      }
      for (const subject of [fast, whole]) checkTables(subject)
    }
    t.ok(frames > FRAMES / 4, `${frames} frames left`)
  })

function checkSame(fast: Out[], whole: Out[]): void {
  if (fast.length !== whole.length)
    throw new Error(`${fast.length} frames by the fast path, ${whole.length} by the whole`)
  for (const [i, out] of fast.entries()) {
    const [one, other] = [out, whole[i]!].map(({ slab, at, len }) => slab.bytes.subarray(at - VNET, at + len))
    if (Buffer.compare(one!, other!) !== 0)
      throw new Error(`frame ${i}\nfast:  ${hex(one!.subarray(0, 120))}\nwhole: ${hex(other!.subarray(0, 120))}`)
  }
}

t.test('every way out was taken', async t => {
  for (const name of ['balanced', 'forwarded', 'answered', 'refused', 'held', 'drop-virtio-malformed', 'drop-too-big'])
    t.ok((verdicts.get(name) ?? 0) > 20, `${name}: ${verdicts.get(name)}`)
})
