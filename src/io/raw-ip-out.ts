import type { Slab } from '../packet/frame.js'
import { Packet } from '../packet/packet.js'
import { finishChecksum } from '../packet/partial-checksum.js'
import { Mark } from '../ebpf/front-program.js'
import { check, close, mapMemory, sendtoFrom, setsockopt, socket } from '../linux/libc.js'
import * as ofSockets from '../linux/socket-constants.js'
import { setSocketOption, SocketOption, wordOf } from '../linux/socket-option.js'
import { ETHERNET_LEN, EtherType } from '../wire/ethernet.js'
import { IPV4_DST_ADDR_AT, IpProtocol } from '../wire/ipv4.js'

const { AF_INET, SOCK_RAW_NONBLOCK_CLOEXEC, SOCKADDR_ADDR_AT, SOCKADDR_IN_LEN, SOL_IP } = ofSockets
/** Packets with their headers, of any protocol; the socket hears none. */
const IPPROTO_RAW = 255
const IP_MTU_DISCOVER = 10
/** DF as the packet has it, and no heed to a path MTU that the kernel has learnt: of an ICMP error for another program of the host, say (ip(7)). */
const IP_PMTUDISC_PROBE = 3
const BUFFER_OCTETS = 4 * 2 ** 20

/**
 * The way to programs of this host: a raw socket (raw(7)), whose packets the kernel routes as its own, so that a source which is its own
 * too is no martian. Marked as given back, so that the loopback interface's front leaves them. A large packet of TCP stays whole, with
 * its checksum made here: no wire is on this way.
 */
export class RawIpOut {
  readonly #fd: number
  readonly #to: Slab = mapMemory(SOCKADDR_IN_LEN)
  readonly #packet = new Packet()
  dropped = 0

  /** SystemError if there is no such socket. */
  constructor() {
    this.#fd = check(socket(AF_INET, SOCK_RAW_NONBLOCK_CLOEXEC, IPPROTO_RAW), 'a raw socket of IPv4')
    try {
      setSocketOption(this.#fd, SocketOption.MARK, wordOf(Mark.RETURNED), 'SO_MARK')
      setSocketOption(this.#fd, SocketOption.SNDBUFFORCE, wordOf(BUFFER_OCTETS), 'SO_SNDBUFFORCE')
      check(setsockopt(this.#fd, SOL_IP, IP_MTU_DISCOVER, wordOf(IP_PMTUDISC_PROBE), 4), 'IP_MTU_DISCOVER')
    } catch (error) {
      this.close()
      throw error
    }
    this.#to.view.setUint16(0, AF_INET, true)
  }

  /** Sends a frame's IPv4 packet, at once. False if that cannot be. It may rewrite the frame. */
  transmit(slab: Slab, at: number, len: number): boolean {
    const packet = this.#packet.wrap(0, slab, at, len)
    packet.wrapIp()
    const isCut = packet.vnet.gsoSize !== 0 && packet.ip.protocol !== IpProtocol.TCP
    if (packet.eth.type !== EtherType.IPV4 || isCut || slab.address === 0) return this.#lost()
    finishChecksum(packet)
    this.#to.view.setInt32(SOCKADDR_ADDR_AT, slab.view.getInt32(packet.ipAt + IPV4_DST_ADDR_AT))
    const octets = Math.min(packet.ip.totalLen, len - ETHERNET_LEN)
    const sent: number = sendtoFrom(this.#fd, slab.address + packet.ipAt, octets, 0, this.#to.address, SOCKADDR_IN_LEN)
    return sent >= 0 || this.#lost()
  }
  close(): void {
    check(close(this.#fd), 'close')
  }

  #lost(): false {
    this.dropped++
    return false
  }
}
