import type { Slab } from '../../src/packet/frame.js'
import { isMulticast, parseCidr, type Cidr, type Ipv4Addr, type MacAddr } from '../../src/wire/addr.js'
import { ETHERNET_LEN, EthernetView } from '../../src/wire/ethernet.js'
import { standInMac } from '../replay/stand-in-hosts.js'
import { CLI, SRV, type DirectorStation, type DirectorSurroundings, type LinkIndex } from './director-station.js'
import type { Ground, Receiver } from './ground.js'
import { packetOf, type SimPacket } from './packets.js'
import type { RealServerStation } from './real-server-station.js'
import type { LinkQuality } from './scenario/scenario.js'

/** The router that clients are behind. */
export const ROUTER_MAC: MacAddr = standInMac(0 as Ipv4Addr)

interface Group {
  readonly station: Receiver
  readonly network: Cidr
  /** Which director has an address, as its router heard it last. */
  readonly holders: Map<Ipv4Addr, DirectorStation>
}

/**
 * The network around the directors: clients behind routers on link cli, real servers on link srv. A router sends to the director that has
 * announced the address last; a real server answers to the director that asked, or, if it answers from the VIP (direct routing, tunnels), to
 * the client.
 */
export class Site implements DirectorSurroundings {
  readonly #ground: Ground
  readonly #directorLink: LinkQuality
  readonly #areAddressesMoving: boolean
  #directors: readonly DirectorStation[] = []
  readonly #own = new Map<Ipv4Addr, DirectorStation>()
  readonly #groups: Group[] = []
  readonly #floods: Cidr[] = []
  readonly #servers = new Map<Ipv4Addr, RealServerStation>()
  readonly #eth = new EthernetView()

  /** `areAddressesMoving`: virtual routers have them, and before one is master nobody has. */
  constructor(ground: Ground, directorLink: LinkQuality, areAddressesMoving: boolean) {
    this.#ground = ground
    this.#areAddressesMoving = areAddressesMoving
    this.#directorLink = directorLink
  }

  addDirectors(directors: readonly DirectorStation[], addresses: readonly (readonly string[])[]): void {
    this.#directors = directors
    for (const [i, texts] of addresses.entries())
      for (const text of texts) {
        const addr = parseCidr(text.split('@')[0]!)?.addr
        if (addr !== undefined) this.#own.set(addr, directors[i]!)
      }
  }
  addGroup(station: Receiver, network: Cidr): void {
    this.#groups.push({ station, network, holders: new Map() })
  }
  addFlood(network: Cidr): void {
    this.#floods.push(network)
  }
  addServer(server: RealServerStation): void {
    this.#servers.set(server.plan.addr, server)
  }

  /** The director to which a group's packets for an address go; undefined: none has said that it has it. */
  holderOf(name: string, addr: Ipv4Addr): DirectorStation | undefined {
    const group = this.#groups.find(({ station }) => station.name === name)
    return group?.holders.get(addr) ?? (this.#areAddressesMoving ? undefined : this.#directors[0])
  }

  fromClient(name: string, packet: SimPacket): void {
    const director = this.holderOf(name, packet.dst)
    if (!director) return this.#ground.ledger.lost('address-nowhere')
    this.#ground.wires.carry(name, director.name, () => director.receive(CLI, packet, ROUTER_MAC))
  }
  /** A flood comes by the way of the first group's router, without a delay. */
  fromFlood(packet: SimPacket): void {
    const director = this.holderOf(this.#groups[0]!.station.name, packet.dst)
    if (director) director.receive(CLI, packet, ROUTER_MAC)
    else this.#ground.ledger.lost('address-nowhere')
  }
  fromServer(server: RealServerStation, packet: SimPacket, via: string): void {
    const { wires } = this.#ground
    const { addr } = server.plan
    const director = this.#own.get(packet.dst) ?? (packet.src === addr ? this.#named(via) : undefined)
    if (director) return wires.carry(server.name, director.name, () => director.receive(SRV, packet, standInMac(addr)))
    const group = this.#groupOf(packet.dst)
    if (group) wires.carry(server.name, group.station.name, () => group.station.receive(packet, server.name))
  }

  sent(from: DirectorStation, link: LinkIndex, slab: Slab, at: number, len: number): void {
    const eth = this.#eth.wrap(slab.view, at)
    if (eth.isGroup) return this.#toGroup(from, link, slab, at, len)
    const packet = packetOf(slab, at, len, (addr, port) => from.sendsGue(addr, port))
    if (!packet) return
    const mac = slab.view.getInt32(at + 2) as Ipv4Addr
    const other = this.#own.get(mac)
    if (other) return this.#toDirector(from, other, link, slab, at, len)
    const receiver = this.#servers.get(mac) ?? this.#groupOf(packet.dst)?.station
    if (receiver) this.#ground.wires.carry(from.name, receiver.name, () => receiver.receive(packet, from.name))
  }
  announced(from: DirectorStation, link: LinkIndex, addr: Ipv4Addr): void {
    if (link !== CLI) return
    for (const { station, holders } of this.#groups)
      this.#ground.wires.carry(from.name, station.name, () => void holders.set(addr, from))
  }
  asked(from: DirectorStation, link: LinkIndex, addr: Ipv4Addr, answer: () => void): void {
    const { wires } = this.#ground
    const other = this.#own.get(addr)
    const server = this.#servers.get(addr)
    if (other) {
      if (other !== from && other.isUp) this.#between(from, other, () => this.#between(other, from, answer))
    } else if (link === CLI && !server) answer()
    else if (server)
      wires.carry(from.name, server.name, () => {
        if (server.isThere) wires.carry(server.name, from.name, answer)
        else this.#ground.ledger.lost('host-down')
      })
  }

  #named(name: string): DirectorStation | undefined {
    return this.#directors.find(director => director.name === name)
  }
  #groupOf(addr: Ipv4Addr): Group | undefined {
    return this.#groups.find(({ network }) => isIn(addr, network))
  }

  /** Adverts of virtual routers. */
  #toGroup(from: DirectorStation, link: LinkIndex, slab: Slab, at: number, len: number): void {
    if (!isMulticast(slab.view.getInt32(at + ETHERNET_LEN + 16) as Ipv4Addr)) return
    for (const director of this.#directors) if (director !== from) this.#toDirector(from, director, link, slab, at, len)
  }
  #toDirector(from: DirectorStation, to: DirectorStation, link: LinkIndex, slab: Slab, at: number, len: number): void {
    const octets = slab.bytes.slice(at, at + len)
    // A stand-in's MAC has been asked for; the frame is that of the director it stands for.
    if (!this.#eth.wrap(slab.view, at).isGroup) {
      const { hi, lo } = to.macs[link]!
      const view = new DataView(octets.buffer)
      view.setUint16(0, hi)
      view.setUint32(2, lo)
    }
    this.#between(from, to, () => to.receiveFrame(link, octets))
  }
  #between(from: DirectorStation, to: DirectorStation, arrive: () => void): void {
    this.#ground.wires.carry(from.name, to.name, arrive, this.#directorLink)
  }
}

function isIn(addr: Ipv4Addr, { addr: network, mask }: Cidr): boolean {
  return ((addr ^ network) & mask) === 0
}
