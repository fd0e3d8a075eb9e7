import { close } from '../../linux/libc.js'
import { joinGroup, packetSocket } from '../../linux/packet-socket.js'
import type { Ipv4Addr } from '../../wire/addr.js'
import { groupMac } from '../../wire/group-mac.js'

/** The most memberships at a time. */
const MOST = 1024

/**
 * Has network cards let frames to groups in, on interfaces where the kernel has no address that could join them. Memberships last until
 * the end: a reload seldom changes a group.
 */
export class EthernetGroups {
  #fd: number | undefined
  readonly #joined = new Set<string>()

  /** SystemError where it may not be, or the interface has gone. */
  join(ifindex: number, group: Ipv4Addr): void {
    const key = `${ifindex} ${group}`
    if (this.#joined.has(key) || this.#joined.size >= MOST) return
    this.#fd ??= packetSocket()
    joinGroup(this.#fd, ifindex, groupMac(group))
    this.#joined.add(key)
  }

  close(): void {
    if (this.#fd !== undefined) close(this.#fd)
    this.#fd = undefined
  }
}
