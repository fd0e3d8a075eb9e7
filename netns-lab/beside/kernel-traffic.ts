/*
 * What the capture must show of the kernel's own sessions beside uvs: every packet once, nothing reset, no ICMP error about
 * them, and ARP for their addresses answered once, by one.
 */
import type { Check } from '../../native-free/lab-report.js'
import {
  ALL,
  assembleFilter,
  hear,
  jumpIfEqual,
  load16,
  load16BehindX,
  load8,
  loadIpv4HeaderLenToX,
} from '../../src/linux/classic-filter.js'
import { formatIpv4, formatMac } from '../../src/wire/addr.js'
import { ArpOp, ArpView } from '../../src/wire/arp.js'
import { ETHERNET_LEN, EthernetView, EtherType } from '../../src/wire/ethernet.js'
import { ICMP_LEN, IcmpView, isIcmpError } from '../../src/wire/icmp.js'
import { IPV4_MIN_LEN, IpProtocol, Ipv4View } from '../../src/wire/ipv4.js'
import { TCP_MIN_LEN, TcpFlag, TcpView } from '../../src/wire/tcp.js'
import type { CapturedFrame } from '../capture.js'
import { ECHO_PORT, OWN_WEB_PORT } from './beside-plan.js'

const PORTS: readonly number[] = [ECHO_PORT, OWN_WEB_PORT]

const IPV4 = ETHERNET_LEN
/** ARP, ICMP, and TCP of the kernel's own ports: the balanced load is not captured. */
export const KERNEL_TRAFFIC = assembleFilter([
  load16(12),
  jumpIfEqual(EtherType.ARP, 'hear'),
  jumpIfEqual(EtherType.IPV4, 'IPv4'),
  hear(0),
  'IPv4',
  load8(IPV4 + 9),
  jumpIfEqual(IpProtocol.ICMP, 'hear'),
  jumpIfEqual(IpProtocol.TCP, 'TCP'),
  hear(0),
  'TCP',
  loadIpv4HeaderLenToX(IPV4),
  ...[0, 2].flatMap(side => [load16BehindX(IPV4 + side), ...PORTS.map(port => jumpIfEqual(port, 'hear'))]),
  hear(0),
  'hear',
  hear(ALL),
])

export interface Watched {
  /** The kernel's addresses that the sessions are with. */
  addresses: readonly string[]
  /** The director's, 'aa:bb:…'. */
  mac: string
  /** Who asks for them by ARP: a namespace's address on their segment. */
  askers: ReadonlyMap<string, string>
}

/** Takes frames, in their order, and judges them at the end. */
export class KernelTraffic {
  readonly #packets = new Map<string, Set<string>>([
    ['client', new Set()],
    ['director', new Set()],
  ])
  readonly #answered = new Map<string, number>()
  readonly #twice: string[] = []
  readonly #resets: string[] = []
  readonly #errors: string[] = []
  readonly #others: string[] = []
  #asked = 0
  #replies = 0

  constructor(readonly watched: Watched) {}

  add(frames: readonly CapturedFrame[]): void {
    for (const { space, ethernet, octets } of frames) {
      if (!ethernet || octets.length < ETHERNET_LEN) continue
      const dv = new DataView(octets.buffer, octets.byteOffset, octets.length)
      const { type } = new EthernetView().wrap(dv, 0)
      if (type === EtherType.ARP) this.#arp(space, dv)
      else if (type === EtherType.IPV4) this.#ipv4(space, dv, octets)
    }
  }

  checks(lost: number): Check[] {
    const [atClient, atDirector] = ['client', 'director'].map(space => this.#packets.get(space)!.size)
    const seen = `${atClient} packets came to the client, ${atDirector} to the director`
    const wrong = [...this.#resets, ...this.#errors]
    const arp = `${this.#asked} requests for ${this.watched.addresses.join(' and ')}, ${this.#replies} replies`
    const oneMouth = this.#asked > 0 && this.#replies > 0 && this.#replies <= this.#asked && this.#others.length === 0
    return [
      {
        name: 'no packet of the kernel’s sessions was answered or sent twice',
        holds: atClient! > 0 && atDirector! > 0 && lost === 0 && this.#twice.length === 0,
        detail: says(this.#twice, lost === 0 ? seen : `the capture lost ${lost}`),
      },
      {
        name: 'no RST in them, and no ICMP error about them',
        holds: wrong.length === 0,
        detail: says(wrong, 'none seen'),
      },
      {
        name: 'ARP is answered by one mouth',
        holds: oneMouth,
        detail: says(this.#others, `${arp}, all of ${this.watched.mac}`),
      },
    ]
  }

  #arp(space: string, dv: DataView): void {
    const arp = new ArpView().wrap(dv, ETHERNET_LEN)
    if (!arp.isValid(dv.byteLength - ETHERNET_LEN)) return
    const [sender, target] = [formatIpv4(arp.senderAddr), formatIpv4(arp.targetAddr)]
    const { addresses, mac, askers } = this.watched
    if (arp.operation === ArpOp.REQUEST && space === 'director' && addresses.includes(target)) this.#asked++
    if (!addresses.includes(sender)) return
    const from = formatMac({ hi: arp.senderMacHi, lo: arp.senderMacLo })
    if (from !== mac) this.#others.push(`${from} says that it is ${sender}, seen by ${space}`)
    else if (arp.operation === ArpOp.REPLY && askers.get(space) === target) this.#replies++
  }

  #ipv4(space: string, dv: DataView, octets: Buffer): void {
    const ip = new Ipv4View().wrap(dv, ETHERNET_LEN)
    const body = ETHERNET_LEN + ip.headerLen
    const len = dv.byteLength - body
    if (ip.protocol === IpProtocol.ICMP && len >= ICMP_LEN + IPV4_MIN_LEN + 4) this.#icmp(space, dv, body)
    if (ip.protocol !== IpProtocol.TCP || len < TCP_MIN_LEN) return
    const tcp = new TcpView().wrap(dv, body)
    const what = `${formatIpv4(ip.srcAddr)}:${tcp.srcPort} → ${formatIpv4(ip.dstAddr)}:${tcp.dstPort}`
    if ((tcp.flags & TcpFlag.RST) !== 0) this.#resets.push(`RST ${what}, seen by ${space}`)
    const packets = this.#packets.get(space)
    if (!packets) return
    const packet = sameOnTheWay(octets.subarray(ETHERNET_LEN, ETHERNET_LEN + ip.totalLen))
    if (packets.has(packet)) this.#twice.push(`${what} twice, sequence ${tcp.seq}, seen by ${space}`)
    packets.add(packet)
    if ((tcp.flags & (TcpFlag.SYN | TcpFlag.ACK)) !== (TcpFlag.SYN | TcpFlag.ACK)) return
    const begun = `${space} ${what} ${tcp.ack}`
    if ((this.#answered.get(begun) ?? tcp.seq) !== tcp.seq)
      this.#twice.push(`two answers to a SYN, ${what}, seen by ${space}`)
    this.#answered.set(begun, tcp.seq)
  }

  #icmp(space: string, dv: DataView, at: number): void {
    const { type, code } = new IcmpView().wrap(dv, at)
    if (!isIcmpError(type)) return
    const quoted = new Ipv4View().wrap(dv, at + ICMP_LEN)
    const ports = at + ICMP_LEN + quoted.headerLen
    if (quoted.protocol !== IpProtocol.TCP || ports + 4 > dv.byteLength) return
    if (![dv.getUint16(ports), dv.getUint16(ports + 2)].some(port => PORTS.includes(port))) return
    this.#errors.push(`ICMP error ${type}, code ${code}, seen by ${space}`)
  }
}

/** A packet's octets but TTL and header checksum. A packet that is sent again differs: Linux counts its identification on. */
function sameOnTheWay(packet: Buffer): string {
  return packet.toString('latin1', 0, 8) + packet.toString('latin1', 9, 10) + packet.toString('latin1', 12)
}

const says = (wrong: readonly string[], right: string): string => {
  const [first, ...more] = wrong
  return first === undefined ? right : `${first}${more.length > 0 ? `, and ${more.length} more` : ''}`
}
