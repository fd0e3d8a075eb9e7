import { constants } from 'node:os'
import { bringUp, ifreq, interfaceInfo } from '../linux/interface.js'
import { check, close, fcntl, ioctl, SystemError } from '../linux/libc.js'
import { IFF_NO_PI, openTun, TUNSETIFF } from '../linux/open-tun.js'
import { addAddress, removeAddress } from '../linux/rtnetlink/change-address.js'
import { dump } from '../linux/rtnetlink/dump.js'
import { ADDRESSES } from '../linux/rtnetlink/kinds.js'
import type { Ipv4Addr } from '../wire/addr.js'

// linux/if_tun.h
const IFF_TUN = 0x0001
const IFF_TUN_EXCL = 0x8000
const HOST_PREFIX = 32
// fcntl(2)
const F_DUPFD_CLOEXEC = 1030
/** Above what a director opens otherwise, below the usual limit of 1024. */
const HIGH_FD = 1000

/**
 * An interface that only holds addresses, for a BGP daemon to see: a TUN device, of which nobody reads, since a dummy would outlive a process
 * that is killed. This one is gone with the process, however that ends, and its addresses with it.
 */
export class AnnounceInterface {
  readonly name: string
  readonly #fd: number
  readonly #ifindex: number

  /** Makes it and sets it up. SystemError if it cannot be; EBUSY if there is an interface of that name. */
  constructor(name: string) {
    this.name = name
    this.#fd = highest(openTun())
    try {
      const request = ifreq(name)
      request.writeUInt16LE(IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL, 16)
      if (ioctl(this.#fd, TUNSETIFF, request) < 0) throw new SystemError(`making ${name}`, undefined, REASONS)
      bringUp(name)
      this.#ifindex = interfaceInfo(name).index
    } catch (error) {
      close(this.#fd)
      throw error
    }
  }

  /** SystemError if the kernel refuses. */
  add(addr: Ipv4Addr): void {
    addAddress({ ifindex: this.#ifindex, addr, prefix: HOST_PREFIX })
  }
  remove(addr: Ipv4Addr): void {
    removeAddress({ ifindex: this.#ifindex, addr, prefix: HOST_PREFIX })
  }

  /** The addresses that the kernel holds on other interfaces now. SystemError. */
  heldElsewhere(): Set<Ipv4Addr> {
    const others = dump(ADDRESSES).values.filter(({ link }) => link !== this.#ifindex)
    return new Set(others.map(({ addr }) => addr))
  }

  /** Down it announces nothing, at once and however many addresses it has; up again all that are on it. SystemError. */
  setUp(isUp: boolean): void {
    bringUp(this.name, isUp)
  }

  /** With it all its addresses go. */
  close(): void {
    check(close(this.#fd), 'close')
  }
}

/**
 * The same file by a high number. Of a process that is killed the kernel closes files from the last to the first: so the addresses are gone before the
 * programs that take packets to them are. The other way round the kernel would have them for a moment, and reset connections that it does not know.
 */
function highest(fd: number): number {
  const high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD)
  if (high < 0) return fd
  close(fd)
  return high
}

const REASONS = {
  EBUSY: 'there is such an interface already, perhaps of another director',
  EINVAL: 'there is such an interface already, of another kind',
  EPERM: 'root or CAP_NET_ADMIN is needed',
} satisfies Partial<Record<keyof typeof constants.errno, string>>
