import { networkInterfaces } from 'node:os'
import {
  ALL,
  assembleFilter,
  hear,
  jumpIfEqual,
  Known,
  load32 as loadWord,
  PacketType,
  type Filter,
} from '../linux/classic-filter.js'
import { close } from '../linux/libc.js'
import { setFilter } from '../linux/packet-socket.js'
import { bpf, Command, loadProgram, ProgramType } from './bpf.js'
import { assemble, call, exit, Helper, jumpIf, load32, mov, r0, r1, r2, Skb, store32 } from './instructions.js'

// linux/bpf.h: enum bpf_attach_type, flags of a tcx link, what a tcx program returns to leave a frame to the next.
const BPF_TCX_INGRESS = 46
const BPF_F_BEFORE = 8
const TCX_NEXT = -1

/** What the program marks the frames with that it has seen: 'uvs'. */
const MARK = 0x757673
const ETH_P_IP_ON_THE_WIRE = 0x0008

const PROGRAM = assemble([
  load32(r2, r1, Skb.PROTOCOL), // r2 = skb->protocol
  jumpIf(r2, '!=', ETH_P_IP_ON_THE_WIRE, 'next'), // not IPv4
  load32(r2, r1, Skb.VLAN_PRESENT), // r2 = skb->vlan_present
  jumpIf(r2, '!=', 0, 'next'), // of a VLAN
  mov(r2, MARK),
  store32(r1, Skb.MARK, r2), // skb->mark = MARK
  mov(r2, PacketType.OTHERHOST),
  call(Helper.SKB_CHANGE_TYPE), // bpf_skb_change_type(skb, PACKET_OTHERHOST)
  'next',
  mov(r0, TCX_NEXT),
  exit(),
])

/** What a packet socket behind the guard hears: all of a frame, or one octet of one of a VLAN. */
export const GUARDED: Filter = assembleFilter([
  loadWord(Known.MARK),
  jumpIfEqual(MARK, 'all'),
  loadWord(Known.PACKET_TYPE),
  jumpIfEqual(PacketType.OTHERHOST, 'one octet'),
  'all',
  hear(ALL),
  'one octet',
  hear(1),
])

/**
 * Keeps the IPv4 frames that come in by an interface from the kernel's own stack, which would look up a route for each
 * only to drop it: a tcx program says of each that it is for another host, before the packet socket `fd` sees it, which
 * is not bound yet. Of a VLAN that the interface has no part in, `fd` then hears one octet a frame.
 *
 * Returns the file descriptor of the link: the guard ends when that is closed, and with this process, however that ends.
 * Returns undefined where the kernel has an IPv4 address on the interface, may not be given programs, or is older than 6.6:
 * then all works as well, a tenth slower.
 */
export function keepFromKernel(fd: number, name: string, ifindex: number): number | undefined {
  if (networkInterfaces()[name]?.some(({ family }) => family === 'IPv4')) return undefined
  const program = loadProgram(ProgramType.SCHED_CLS, PROGRAM)
  if (program < 0) return undefined
  const link = bpf(Command.LINK_CREATE, attributes => {
    attributes.setUint32(0, program, true)
    attributes.setUint32(4, ifindex, true)
    attributes.setUint32(8, BPF_TCX_INGRESS, true)
    attributes.setUint32(12, BPF_F_BEFORE, true)
  })
  close(program)
  if (link < 0) return undefined
  setFilter(fd, GUARDED)
  return link
}
