import type { Egress } from '../packet/frame.js'
import type { Link } from '../packet/link.js'
import type { Scratch } from '../packet/scratch.js'
import type { Ipv4Addr, MacAddr } from '../wire/addr.js'
import { ARP_LEN, ArpOp, ArpView } from '../wire/arp.js'
import { BROADCAST, ETHERNET_LEN, EthernetView, EtherType } from '../wire/ethernet.js'
import type { Routes } from './routes.js'

const NOBODY: MacAddr = { hi: 0, lo: 0 }

/** Sends ARP requests and announcements. */
export class ArpSender {
  readonly #egress: Egress
  readonly #scratch: Scratch
  readonly #routes: Routes
  readonly #eth = new EthernetView()
  readonly #arp = new ArpView()

  constructor(egress: Egress, scratch: Scratch, routes: Routes) {
    this.#egress = egress
    this.#scratch = scratch
    this.#routes = routes
  }

  /** Asks for the MAC of `addr`. `to`: broadcast, or the last known MAC. */
  request(link: Link, addr: Ipv4Addr, to: MacAddr): void {
    this.#send(link, to, this.#routes.sourceFor(link, addr), addr)
  }
  /** Broadcasts that `addr` is at our MAC: a gratuitous request (RFC 5227 §3: ARP announcement). */
  announce(link: Link, addr: Ipv4Addr): void {
    this.#send(link, BROADCAST, addr, addr)
  }

  #send(link: Link, to: MacAddr, senderAddr: Ipv4Addr, targetAddr: Ipv4Addr): void {
    const { slab } = this.#scratch
    const at = this.#scratch.place()
    this.#eth.wrap(slab.view, at)
    this.#eth.setDst(to)
    this.#eth.setSrc(link.mac)
    this.#eth.type = EtherType.ARP
    this.#arp.wrap(slab.view, at + ETHERNET_LEN).build(ArpOp.REQUEST, link.mac, senderAddr, NOBODY, targetAddr)
    this.#egress.transmit(link, slab, at, ETHERNET_LEN + ARP_LEN)
  }
}
