import { close, errno, sendto } from '../../linux/libc.js'
import { packetSocket } from '../../linux/packet-socket.js'
import { AF_PACKET, SOCKADDR_LL_LEN } from '../../linux/socket-constants.js'
import type { Ipv4Addr, MacAddr } from '../../wire/addr.js'
import { ARP_LEN, ArpOp, ArpView } from '../../wire/arp.js'
import { BROADCAST, ETHERNET_LEN, EthernetView, EtherType } from '../../wire/ethernet.js'

/** Sends gratuitous ARP requests as keepalived does: sender and target are the address, the target's MAC is ff:ff:ff:ff:ff:ff. */
export class GratuitousArp {
  readonly #fd = packetSocket()
  readonly #frame = new Uint8Array(ETHERNET_LEN + ARP_LEN)
  readonly #view = new DataView(this.#frame.buffer)

  /** Returns 0, or the errno by which the kernel did not send it. */
  send(ifindex: number, mac: MacAddr, addr: Ipv4Addr): number {
    const ethernet = new EthernetView().wrap(this.#view, 0)
    ethernet.setDst(BROADCAST)
    ethernet.setSrc(mac)
    ethernet.type = EtherType.ARP
    new ArpView().wrap(this.#view, ETHERNET_LEN).build(ArpOp.REQUEST, mac, addr, BROADCAST, addr)
    const to = Buffer.alloc(SOCKADDR_LL_LEN)
    to.writeUInt16LE(AF_PACKET, 0)
    to.writeUInt16BE(EtherType.ARP, 2)
    to.writeInt32LE(ifindex, 4)
    to.writeUInt8(6, 11)
    to.fill(0xff, 12, 18)
    return sendto(this.#fd, this.#frame, this.#frame.length, 0, to, SOCKADDR_LL_LEN) < 0 ? errno() : 0
  }

  close(): void {
    close(this.#fd)
  }
}
