import type { Ipv4Addr } from '../wire/addr.js'
import { check, close, EINTR, errno, mapMemory, recvfrom, sendto, setsockopt, socket } from './libc.js'
import { AF_INET, SOCK_RAW_NONBLOCK_CLOEXEC, sockaddrIn, SOL_IP } from './socket-constants.js'
import { setSocketOption, SocketOption, wordOf } from './socket-option.js'

const IP_HDRINCL = 3
const IP_MULTICAST_IF = 32
const IP_MULTICAST_LOOP = 34
const IP_ADD_MEMBERSHIP = 35

/** Room for packets that wait, in octets; of small ones each takes some 800. The kernel's own 212 992 are gone in 10 ms of a flood. */
const ROOM = 4 * 1024 * 1024
/** The largest IPv4 packet. */
const BUFFER_LEN = 65_536
let memory: ReturnType<typeof mapMemory> | undefined

/**
 * A raw socket of one IP protocol on one interface (raw(7)). What it sends and receives are whole IPv4 packets; the kernel makes the
 * header's checksum of those it sends. It hears nothing of its own.
 */
export class RawIpSocket {
  readonly #fd: number
  readonly #ifindex: number
  /** What `receive` has taken last: one for all sockets of the thread. */
  readonly view: DataView<ArrayBufferLike>
  readonly #address: number

  /** SystemError where it may not be opened, or there is no such interface. */
  constructor(protocol: number, name: string, ifindex: number) {
    memory ??= mapMemory(BUFFER_LEN)
    this.view = memory.view
    this.#address = memory.address
    this.#ifindex = ifindex
    this.#fd = check(socket(AF_INET, SOCK_RAW_NONBLOCK_CLOEXEC, protocol), `a raw socket for IP protocol ${protocol}`)
    try {
      setSocketOption(this.#fd, SocketOption.BINDTODEVICE, Buffer.from(`${name}\0`), `binding to ${name}`)
      setSocketOption(this.#fd, SocketOption.RCVBUFFORCE, wordOf(ROOM), 'SO_RCVBUFFORCE')
      this.#set(IP_HDRINCL, wordOf(1), 'IP_HDRINCL')
      this.#set(IP_MULTICAST_LOOP, wordOf(0), 'IP_MULTICAST_LOOP')
      this.#set(IP_MULTICAST_IF, this.#membership(0 as Ipv4Addr), `multicast by ${name}`)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** From now on the group's packets come. SystemError. */
  join(group: Ipv4Addr): void {
    this.#set(IP_ADD_MEMBERSHIP, this.#membership(group), 'joining a multicast group')
  }

  /** Takes a packet into `view`: its octets; 0: there is none. What has befallen the socket (its link is down) is passed over. */
  receive(): number {
    for (;;) {
      const octets: number = recvfrom(this.#fd, this.#address, BUFFER_LEN, 0, 0, 0)
      if (octets >= 0) return octets
      const why = errno()
      if (why !== EINTR) return 0
    }
  }

  /** Returns 0, or the errno by which the kernel did not send it. */
  send(packet: Uint8Array, destination: Ipv4Addr): number {
    const address = sockaddrIn(destination, 0)
    return sendto(this.#fd, packet, packet.length, 0, address, address.length) < 0 ? errno() : 0
  }

  close(): void {
    close(this.#fd)
  }

  /** struct ip_mreqn: group, own address (none), interface. */
  #membership(group: Ipv4Addr): Buffer {
    const value = Buffer.alloc(12)
    value.writeInt32BE(group, 0)
    value.writeInt32LE(this.#ifindex, 8)
    return value
  }
  /** Of IPv4, ip(7). */
  #set(name: number, value: Buffer, what: string): void {
    check(setsockopt(this.#fd, SOL_IP, name, value, value.length), what)
  }
}
