import { VNET_LEN, type Slab } from '../packet/frame.js'
import { ifreq } from '../linux/interface.js'
import { check, close, ioctl, write } from '../linux/libc.js'
import { IFF_NO_PI, IFF_VNET_HDR, openTun, TUNSETIFF, TUNSETVNETHDRSZ } from '../linux/open-tun.js'

// linux/if_tun.h
const IFF_TUN = 0x0001
const IFF_TUN_EXCL = 0x8000

/**
 * A TUN device that we only write to: what we write, IPv4 packets, the kernel takes for packets that came in there. It is
 * made here, down, and gone when it is closed, or with this process.
 */
export class TunDevice {
  readonly name: string
  readonly #fd: number

  /** SystemError EBUSY if there is an interface of that name. */
  constructor(name: string) {
    this.name = name
    this.#fd = openTun()
    try {
      const request = ifreq(name)
      request.writeUInt16LE(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL, 16)
      check(ioctl(this.#fd, TUNSETIFF, request), `TUN device ${name}`)
      check(ioctl(this.#fd, TUNSETVNETHDRSZ, Buffer.from(Int32Array.of(VNET_LEN).buffer)), `${name}: virtio headers`)
    } catch (error) {
      close(this.#fd)
      throw error
    }
  }

  /**
   * Writes the packet of `len` octets at `at`, its virtio-net header before it, whose offsets count from `at`. Returns false if the kernel
   * refuses it.
   */
  write(slab: Slab, at: number, len: number): boolean {
    return write(this.#fd, slab.address + at - VNET_LEN, len + VNET_LEN) > 0
  }

  close(): void {
    check(close(this.#fd), 'close')
  }
}
