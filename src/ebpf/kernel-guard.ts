import { networkInterfaces } from 'node:os'
import { assemble, bpf, loadProgram } from './bpf.js'
import { close } from '../linux/libc.js'
import { setFilter } from '../linux/packet-socket.js'

// linux/bpf.h
const BPF_LINK_CREATE = 28
const BPF_PROG_TYPE_SCHED_CLS = 3
const BPF_TCX_INGRESS = 46
const BPF_SKB_CHANGE_TYPE = 32
const BPF_F_BEFORE = 8

/** What the program marks the frames with that it has seen: 'uvs'. */
const MARK = 0x757673
const PACKET_OTHERHOST = 3
const ETH_P_IP_ON_THE_WIRE = 0x0008
const TCX_NEXT = -1

const SKB_MARK = 8
const SKB_PROTOCOL = 16
const SKB_VLAN_PRESENT = 20

const PROGRAM = assemble([
  [0x61, 2, 1, SKB_PROTOCOL, 0], // r2 = skb->protocol
  [0x55, 2, 0, 'next', ETH_P_IP_ON_THE_WIRE], // not IPv4
  [0x61, 2, 1, SKB_VLAN_PRESENT, 0], // r2 = skb->vlan_present
  [0x55, 2, 0, 'next', 0], // of a VLAN
  [0xb7, 2, 0, 0, MARK],
  [0x63, 1, 2, SKB_MARK, 0], // skb->mark = MARK
  [0xb7, 2, 0, 0, PACKET_OTHERHOST],
  [0x85, 0, 0, 0, BPF_SKB_CHANGE_TYPE], // bpf_skb_change_type(skb, PACKET_OTHERHOST)
  'next',
  [0xb7, 0, 0, 0, TCX_NEXT],
  [0x95, 0, 0, 0, 0], // return TCX_NEXT
])

/** What a packet socket behind the guard filters: all of a frame, or one octet of one of a VLAN. A classic filter, `[code, jumps, constant]`; jumps: where to if it is so, then, an octet higher, if not. */
export const GUARDED: readonly (readonly [number, number, number])[] = [
  [0x20, 0, 0xfffff000 + 20], // the mark (SKF_AD_OFF + SKF_AD_MARK)
  [0x15, 0x0002, MARK],
  [0x20, 0, 0xfffff000 + 4], // the packet's type (SKF_AD_PKTTYPE)
  [0x15, 0x0001, PACKET_OTHERHOST],
  [0x06, 0, 0xffffffff], // all of the frame
  [0x06, 0, 1], // one octet
]

/**
 * Keeps the IPv4 frames that come in by an interface from the kernel's own stack, which would look up a route for each
 * only to drop it: a tcx program says of each that it is for another host, before the packet socket `fd` sees it, which
 * is not bound yet. Of a VLAN that the interface has no part in, `fd` then hears one octet a frame.
 *
 * Answers the file descriptor of what was done: it ends when that is closed, and with this process, however that ends.
 * Undefined where the kernel has an IPv4 address on the interface, may not be given programs, or is older than 6.6:
 * then all works as well, a tenth slower.
 */
export function keepFromKernel(fd: number, name: string, ifindex: number): number | undefined {
  if (networkInterfaces()[name]?.some(({ family }) => family === 'IPv4')) return undefined
  const program = loadProgram(BPF_PROG_TYPE_SCHED_CLS, PROGRAM)
  if (program < 0) return undefined
  const link = bpf(BPF_LINK_CREATE, attributes => {
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
