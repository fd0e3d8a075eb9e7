import { Director } from '../src/director/director.js'
import { HEADROOM, slabOver, VNET_LEN, type Egress, type Slab } from '../src/packet/frame.js'
import { parseIpv4, parseMac } from '../src/wire/addr.js'
import { pseudoHeaderSum, sum16 } from '../src/wire/checksum.js'
import { EtherType, EthernetView } from '../src/wire/ethernet.js'
import { DF, Ipv4View, IpProtocol } from '../src/wire/ipv4.js'
import { execute } from '../src/control/execute.js'

export const VIP = '10.0.0.100'
const PLACE = 256

const PLAIN = { persistence: 0, netmask: '255.255.255.255', onePacket: false, schedFlags: 0 }

/** Takes every frame and forgets it. */
const nowhere: Egress = { transmit: () => true }

/** A director between a client and a server side, its neighbours known, with `servers` real servers behind one service. */
export function benchDirector(scheduler: string, servers: number, maxConnections = 2 ** 20): Director {
  const mac = parseMac('02:00:00:00:00:01')!
  const director = new Director({
    ports: [
      { name: 'c', mac, mtu: 1500 },
      { name: 's', mac, mtu: 1500 },
    ],
    egress: nowhere,
    addresses: ['10.0.0.1/24@c', '10.1.0.1/16@s'],
    routes: ['default=10.0.0.254'],
    neighbours: [
      '10.0.0.254=02:00:00:00:00:fe@c',
      ...Array.from({ length: servers }, (_, i) => `${server(i)}=02:00:00:00:01:01@s`),
    ],
    maxConnections,
    seed: 1,
    now: 0,
  })
  const service = { protocol: 'tcp', address: VIP, port: 80 } as const
  execute(director, { op: 'add-service', service, settings: { scheduler, ...PLAIN } })
  for (let i = 0; i < servers; i++) {
    const settings = { method: 'masq', weight: (i % 64) + 1, upperThreshold: 0, lowerThreshold: 0 } as const
    execute(director, { op: 'add-destination', service, destination: { address: server(i), port: 8080 }, settings })
  }
  director.poll(1)
  return director
}

export function server(i: number): string {
  return `10.1.${1 + (i >> 8)}.${i & 255}`
}

/** A slab with one TCP segment of 40 octets at `template`, to be copied to `at` before each use: frames are rewritten. */
export class Segment {
  readonly slab: Slab = slabOver(new ArrayBuffer(2 * PLACE))
  readonly at = HEADROOM + VNET_LEN
  readonly len = 54
  readonly #template = PLACE

  constructor(src: string, srcPort: number, dst: string, dstPort: number, flags: number) {
    const { view } = this.slab
    const at = this.#template
    const ipAt = at + 14
    const tcpAt = ipAt + 20
    const eth = new EthernetView().wrap(view, at)
    eth.setDst(parseMac('02:00:00:00:00:01')!)
    eth.setSrc(parseMac('02:00:00:00:00:99')!)
    eth.type = EtherType.IPV4
    new Ipv4View().wrap(view, ipAt).build(0, 40, 1, DF, 64, IpProtocol.TCP, parseIpv4(src)!, parseIpv4(dst)!)
    view.setUint16(tcpAt, srcPort)
    view.setUint16(tcpAt + 2, dstPort)
    view.setUint8(tcpAt + 12, 0x50)
    view.setUint8(tcpAt + 13, flags)
    const pseudo = pseudoHeaderSum(parseIpv4(src)!, parseIpv4(dst)!, IpProtocol.TCP, 20)
    view.setUint16(tcpAt + 16, ~sum16(view, tcpAt, 20, pseudo) & 0xffff)
  }

  /** The frame as it was built, with another source port if one is given; the checksum then is wrong, which no one asks. */
  fresh(srcPort?: number): void {
    const { bytes, view } = this.slab
    bytes.copyWithin(this.at, this.#template, this.#template + this.len)
    if (srcPort !== undefined) view.setUint16(this.at + 34, srcPort)
  }
  /** Another source address too; the IP checksum follows. */
  freshFrom(src: number, srcPort: number): void {
    this.fresh(srcPort)
    new Ipv4View().wrap(this.slab.view, this.at + 14).rewriteSrcAddr(src as never)
  }
}
