import { constants } from 'node:os'
import { close, SystemError } from '../linux/libc.js'
import { bindTo, packetSocket, setOption } from '../linux/packet-socket.js'

// linux/if_packet.h; a group's type is 0, by hash.
const PACKET_FANOUT = 18
/** No frame is of this EtherType, so nothing is heard. */
const NO_ETHER_TYPE = 0x7576
/** Ids of groups have 16 bits. These are from the upper half: the kernel gives its own from the lowest on. */
const FIRST_ID = 0x8000
const MOST_TRIES = 8

/**
 * Claims an interface for a director. The claim holds as long as the file descriptor that is returned is open, which ends with the
 * process. SystemError EBUSY if another process holds one.
 *
 * It is a fanout group of packet sockets that takes one member and no frame: unlike a name or a file, nobody can take it who
 * may not open packet sockets in this network namespace. Before Linux 5.11 groups cannot be limited: then nothing is claimed, and
 * undefined is returned.
 */
export function claimInterface(name: string, ifindex: number): number | undefined {
  const fd = packetSocket()
  try {
    bindTo(fd, ifindex, NO_ETHER_TYPE, name)
    for (let i = 0; i < MOST_TRIES; i++) if (joinAlone(fd, FIRST_ID | ((ifindex + i) & 0x7fff), name)) return fd
  } catch (error) {
    close(fd)
    throw error
  }
  close(fd)
  return undefined
}

/** Returns false if the group belongs to another interface, or if this kernel cannot limit groups. */
function joinAlone(fd: number, id: number, name: string): boolean {
  try {
    setOption(fd, PACKET_FANOUT, id, 1)
    return true
  } catch (error) {
    if (!(error instanceof SystemError)) throw error
    if (error.code === 'ENOSPC') throw new SystemError(`a second director on ${name}`, constants.errno.EBUSY)
    if (error.code === 'EINVAL') return false
    throw error
  }
}
