import { getOption, setOption } from '../linux/packet-socket.js'

// linux/if_packet.h
const PACKET_FANOUT = 18
const PACKET_FANOUT_DATA = 22
const PACKET_FANOUT_EBPF = 7
const PACKET_FANOUT_FLAG_UNIQUEID = 0x2000
const NEW_GROUP = (PACKET_FANOUT_EBPF | PACKET_FANOUT_FLAG_UNIQUEID) * 0x10000

/** The rings of one interface, a worker's each: each frame comes to one of them. Plain data: it can be posted to threads. */
export interface FanoutGroup {
  /** As PACKET_FANOUT has it. */
  readonly id: number
  /** Whether a front stands before the kernel's stack (ebpf/front-program.ts): once for all. */
  readonly isFronted: boolean
}

/** How a device shares its interface with those of other workers. */
export interface Sharing {
  /** The program that says which member a frame is for, by its order of joining: `Steering.fanoutFd`. */
  readonly programFd: number
  /** The group of the first worker's device; undefined for that itself. */
  readonly group?: FanoutGroup | undefined
  /** Nothing is heard before `hear` is called: other workers' devices have yet to join. */
  readonly isDeaf?: boolean
}

/**
 * Adds the packet socket to a group; returns the group's id. The socket must be bound (packet(7)), with the filter `NOTHING`
 * since before that, or it would have received other members' frames. The caller sets another filter afterwards.
 */
export function joinGroup(fd: number, { programFd, group }: Sharing): number {
  setOption(fd, PACKET_FANOUT, group?.id ?? NEW_GROUP)
  if (group !== undefined) return group.id
  setOption(fd, PACKET_FANOUT_DATA, programFd)
  // The flag that asked for a free id is not in it.
  return getOption(fd, PACKET_FANOUT)
}
