/* Frames and virtio-net headers that a device of its own might hand over: some true, some not, as a seed draws them. */
import { CLIENT_MAC, fromClient, fromServer, VIP } from '../support/bench-director.js'
import { arp, icmp4, ip4, partialHeader, tcp4, udp4, virtioHeader, type VirtioOptions } from '../support/frames.js'
import { checksum, concat, u16, unhex } from '../support/octets.js'
import { sctp4 } from '../support/sctp.js'

const IP_AT = 14
const OCTETS = Uint8Array.from({ length: 0x10000 }, (_, i) => (i * 7 + 1) & 0xff)
const TCPV4 = 1
const UDP_L4 = 5

export interface Handed {
  link: 'c' | 'r'
  frame: Uint8Array
  header: Uint8Array
}

export class Dice {
  readonly #next: () => number

  /** `next` gives unsigned 32-bit numbers. */
  constructor(next: () => number) {
    this.#next = next
  }
  /** 0 to `below` − 1 */
  to(below: number): number {
    return this.#next() % below
  }
  one<T>(of: readonly T[]): T {
    return of[this.to(of.length)]!
  }
  /** True once in `n` times. */
  once(n: number): boolean {
    return this.to(n) === 0
  }
}

/** `answersFrom`: whom a real server answers to, by protocol, if it has seen anybody. `port`: of the TCP and UDP services' servers. */
export function drawFrame(dice: Dice, answersTo: (protocol: number) => string | undefined): Handed {
  const [link, frame] = drawOctets(dice, answersTo)
  const octets = spoilt(dice, frame)
  return { link, frame: octets, header: drawHeader(dice, octets) }
}

function drawOctets(dice: Dice, answersTo: (protocol: number) => string | undefined): ['c' | 'r', Uint8Array] {
  const client = `10.99.1.${dice.one([10, 10, 11])}`
  const from = `${client}:${dice.one([4000, 4000, 4001])}`
  const other = `10.99.2.${dice.one([12, 12, 77])}`
  const size = dice.one([0, 1, 10, 100, 1000, 1448, 1460, 1472, 1480, 3000, 9000, 20_000, 60_000, 65_475])
  const payload = OCTETS.subarray(0, size)
  const ip = {
    df: dice.once(2),
    ttl: dice.one([64, 64, 64, 64, 2, 1]),
    partial: !dice.once(3),
    ...(dice.once(6) && { ipOptions: unhex(dice.one(['01010101', '00000000', '94040000', '0102030483070463'])) }),
  }
  const tcp = {
    flags: dice.one(['S', 'S', 'A', 'A', 'PA', 'FA', 'SA', 'R', '']),
    seq: dice.one([1000, 1001, 1001, 5000]),
    ack: dice.one([0, 1001, 1100]),
    tcpOptions: new Uint8Array(dice.one([0, 0, 12, 32, 36, 40])).fill(1),
  }
  const fits = OCTETS.subarray(0, Math.min(size, 65_535 - 60 - 60))
  switch (dice.to(14)) {
    case 0:
    case 1:
    case 2:
      return ['c', tcp4(`${from} > ${VIP}:80`, { ...fromClient, ...ip, ...tcp, payload: fits })]
    case 3:
    case 4:
      return ['c', udp4(`${from} > ${VIP}:53`, { ...fromClient, ...ip, payload: fits })]
    case 5:
      return ['c', sctp4(`${from} > ${VIP}:9`, { ...fromClient, ...ip, chunks: [dice.to(15), dice.to(15)] })]
    case 6: {
      const to = answersTo(6) ?? from
      return ['r', tcp4(`10.99.2.11:80 > ${to}`, { ...fromServer(), ...ip, ...tcp, payload: fits })]
    }
    case 7:
      return ['r', udp4(`10.99.2.11:53 > ${answersTo(17) ?? from}`, { ...fromServer(), ...ip, payload: fits })]
    case 8:
      return [
        'c',
        dice.once(2)
          ? vxlan(client, other, ip, fits)
          : tcp4(`${from} > ${other}:22`, { ...fromClient, ...ip, payload: fits }),
      ]
    case 9: {
      const part = { mf: dice.once(2), fragment: dice.one([0, 0, 1, 9, 185, 8000]) }
      const [protocol, to] = [dice.one([6, 17, 1, 47]), dice.one([VIP, other])]
      return [
        'c',
        ip4(`${client} > ${to}`, protocol, payload.slice(0, 1480), { ...fromClient, ...ip, ...part, df: false }),
      ]
    }
    case 10:
      return [
        'c',
        ip4(`${client} > ${dice.one([VIP, other])}`, dice.one([1, 2, 4, 6, 17, 47, 132, 99]), fits.slice(0, 2000), {
          ...fromClient,
          ...ip,
        }),
      ]
    case 11:
      return [
        'r',
        icmp4(`10.99.2.99 > ${dice.one(['10.99.2.1', '10.99.2.201'])}`, {
          ...fromServer(),
          type: dice.one([3, 3, 11, 4, 5]),
          code: dice.to(5),
          rest: dice.one([0, 600, 1400]),
          payload: aboutTunnel(dice, from),
        }),
      ]
    case 12:
      return [
        'c',
        icmp4(`${client} > ${VIP}`, {
          ...fromClient,
          type: dice.one([3, 8, 8, 11]),
          code: dice.to(5),
          payload: concat(tcp4(`${VIP}:80 > ${from}`).slice(IP_AT), fits.slice(0, dice.to(1500))),
        }),
      ]
    default:
      return dice.once(2)
        ? [
            'r',
            arp({
              operation: 'reply',
              senderMac: '02:00:00:00:02:77',
              senderAddr: '10.99.2.77',
              targetMac: '02:00:00:00:02:01',
              targetAddr: '10.99.2.1',
            }),
          ]
        : ['c', arp({ operation: 'request', senderMac: CLIENT_MAC, senderAddr: '10.99.1.10', targetAddr: VIP })]
  }
}

/** A segment inside Ethernet inside UDP. */
function vxlan(client: string, to: string, ip: object, payload: Uint8Array): Uint8Array {
  const inner = tcp4('10.1.0.1:1 > 10.1.0.2:2', { flags: 'A', payload: payload.slice(0, 60_000), partial: true })
  return udp4(`${client}:5000 > ${to}:4789`, {
    ...fromClient,
    ...ip,
    partial: false,
    payload: concat(new Uint8Array(8), inner),
  })
}
/** What an error about a packet of ours in a tunnel quotes. */
function aboutTunnel(dice: Dice, from: string): Uint8Array {
  const inner = tcp4(`${from} > ${VIP}:80`).slice(IP_AT)
  const [protocol, headers] = dice.one([
    [4, ''],
    [47, '00000800'],
    [47, '8000080012340000'],
    [17, '900017c00100000000040000'],
    [17, '900017c001000000010400000000000000'],
  ] as const)
  return ip4('10.99.2.1 > 10.99.2.11', protocol, concat(unhex(headers), inner)).slice(IP_AT)
}

/** Some octets changed, cut off or put behind; the IP header's checksum is mostly mended. */
function spoilt(dice: Dice, given: Uint8Array): Uint8Array {
  const octets = Uint8Array.from(given)
  if (dice.once(4)) for (let n = dice.to(3); n >= 0; n--) octets[IP_AT + dice.to(60)] = dice.one([0, 255, dice.to(256)])
  if (dice.once(8) && octets[23] === 6) octets[46] = dice.to(256)
  if (!dice.once(20) && octets.length >= 34) mend(octets)
  if (dice.once(10)) return octets.slice(0, dice.to(octets.length + 1))
  return dice.once(8) ? concat(octets, new Uint8Array(dice.to(60))) : octets
}
function mend(octets: Uint8Array): void {
  const end = IP_AT + (octets[IP_AT]! & 15) * 4
  octets.fill(0, 24, 26)
  octets.set(u16(checksum(octets.slice(IP_AT, end))), 24)
}

function drawHeader(dice: Dice, frame: Uint8Array): Uint8Array {
  if (dice.once(5)) return virtioHeader()
  const isTcp = frame[23] === 6
  const gso = { gsoType: isTcp ? TCPV4 : UDP_L4, gsoSize: dice.one([1000, 1400, 1448, 1460]) }
  const said: VirtioOptions = dice.once(2) ? gso : {}
  for (let lies = dice.one([0, 0, 0, 1, 1, 2, 3]); lies > 0; lies--) {
    const near = dice.one([frame.length - 2, frame.length - 1, frame.length, frame.length + 1])
    const any =
      dice.one([0, 1, 6, 13, 14, 16, 33, 34, 35, 42, 84, near, 0x7fff, 0xffbf, 0xffff, dice.to(0x10000)]) & 0xffff
    const field = dice.one([
      'gsoType',
      'gsoSize',
      'csumStart',
      'csumOffset',
      'hdrLen',
      'needsCsum',
      'dataValid',
    ] as const)
    if (field === 'gsoType') said.gsoType = dice.one([0, 1, 2, 3, 4, 5, 0x80, 0x81, 0x83, 0x84, 0x85, dice.to(256)])
    else if (field === 'needsCsum' || field === 'dataValid') said[field] = dice.once(2)
    else said[field] = field === 'gsoSize' && !dice.once(3) ? dice.one([0, 1, 2, 8, 500, 1480, 9000, 65_535]) : any
  }
  const header = partialHeader(frame, said)
  if (dice.once(20)) header[0] = dice.to(256)
  return header
}
