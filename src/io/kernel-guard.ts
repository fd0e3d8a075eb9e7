import { arch, networkInterfaces } from 'node:os'
import { close, mapMemory, syscall } from './libc.js'
import { setFilter } from './packet-socket.js'

// linux/bpf.h
const BPF_PROG_LOAD = 5
const BPF_LINK_CREATE = 28
const BPF_PROG_TYPE_SCHED_CLS = 3
const BPF_TCX_INGRESS = 46
const BPF_SKB_CHANGE_TYPE = 32
const BPF_F_BEFORE = 8
/** Octets of union bpf_attr that are given. */
const ATTR_LEN = 128
const PAGE = 4096
const LICENSE = Buffer.from('MIT\0')
const SYS_BPF: Partial<Record<string, number>> = { x64: 321, arm64: 280 }

/** What the program marks the frames with that it has seen: 'uvs'. */
const MARK = 0x757673
const PACKET_OTHERHOST = 3
const ETH_P_IP_ON_THE_WIRE = 0x0008
const TCX_NEXT = -1

/** An eBPF instruction, 8 octets: operation, registers, offset and a constant (Documentation/bpf/standardization). */
const op = (code: number, dst: number, src: number, offset: number, constant: number): bigint =>
  BigInt.asUintN(
    64,
    (BigInt.asUintN(32, BigInt(constant)) << 32n) | BigInt((offset << 16) | (src << 12) | (dst << 8) | code),
  )
const SKB_MARK = 8
const SKB_PROTOCOL = 16
const SKB_VLAN_PRESENT = 20

const PROGRAM = BigUint64Array.of(
  op(0x61, 2, 1, SKB_PROTOCOL, 0), // r2 = skb->protocol
  op(0x55, 2, 0, 6, ETH_P_IP_ON_THE_WIRE), // not IPv4: to the end
  op(0x61, 2, 1, SKB_VLAN_PRESENT, 0), // r2 = skb->vlan_present
  op(0x55, 2, 0, 4, 0), // of a VLAN: to the end
  op(0xb7, 2, 0, 0, MARK),
  op(0x63, 1, 2, SKB_MARK, 0), // skb->mark = MARK
  op(0xb7, 2, 0, 0, PACKET_OTHERHOST),
  op(0x85, 0, 0, 0, BPF_SKB_CHANGE_TYPE), // bpf_skb_change_type(skb, PACKET_OTHERHOST)
  op(0xb7, 0, 0, 0, TCX_NEXT),
  op(0x95, 0, 0, 0, 0), // return TCX_NEXT
)

/** A classic filter, `[code, jumps, constant]`; jumps: where to if it is so, then, an octet higher, if not. */
const FILTER: readonly (readonly [number, number, number])[] = [
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
  const program = load()
  if (program < 0) return undefined
  const link = bpf(BPF_LINK_CREATE, attributes => {
    attributes.setUint32(0, program, true)
    attributes.setUint32(4, ifindex, true)
    attributes.setUint32(8, BPF_TCX_INGRESS, true)
    attributes.setUint32(12, BPF_F_BEFORE, true)
  })
  close(program)
  if (link < 0) return undefined
  setFilter(fd, FILTER)
  return link
}

function load(): number {
  return bpf(BPF_PROG_LOAD, (attributes, address) => {
    const license = attributes.byteLength - LICENSE.length
    const instructions = license - PROGRAM.byteLength
    PROGRAM.forEach((instruction, i) => attributes.setBigUint64(instructions + i * 8, instruction, true))
    LICENSE.forEach((octet, i) => attributes.setUint8(license + i, octet))
    attributes.setUint32(0, BPF_PROG_TYPE_SCHED_CLS, true)
    attributes.setUint32(4, PROGRAM.length, true)
    attributes.setBigUint64(8, BigInt(address + instructions), true)
    attributes.setBigUint64(16, BigInt(address + license), true)
  })
}

/** bpf(2). The attributes are the first octets of a page; what they point at can stand at its end. */
function bpf(command: number, fill: (attributes: DataView, address: number) => void): number {
  const number = SYS_BPF[arch()]
  if (number === undefined) return -1
  const { view, address } = mapMemory(PAGE)
  fill(view, address)
  return syscall(number, command, address, ATTR_LEN)
}
