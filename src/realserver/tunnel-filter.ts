import { IpProtocol } from '../wire/ipv4.js'

const LOAD_WORD = 0x20
const LOAD_HALF = 0x28
const LOAD_OCTET = 0x30
const LOAD_HALF_BEHIND_X = 0x48
const LOAD_HEADER_LEN_TO_X = 0xb1
const JUMP_IF_EQUAL = 0x15
const JUMP_IF_SET = 0x45
const ANSWER = 0x06
/** linux/filter.h: SKF_AD_OFF and SKF_AD_PKTTYPE, SKF_AD_IFINDEX. */
const PACKET_TYPE = 0xfffff000 + 4
const INTERFACE = 0xfffff000 + 8
const PACKET_HOST = 0
const IP = 14

/** Where to go on, counted from the next instruction, if it is so and if not. */
const jumps = (ifSo: number, ifNot: number): number => ifSo | (ifNot << 8)

/**
 * A classic filter, `[code, jumps, constant]`, for Ethernet frames of IPv4: only those to this host that are of IPIP, GRE
 * or GUE, which is UDP to that port. Of an interface that others stand on (VLANs, macvlans) only its own: theirs it has seen
 * too.
 */
export function tunnelFilter(guePort: number, ifindex: number): [number, number, number][] {
  return [
    [LOAD_WORD, 0, INTERFACE],
    [JUMP_IF_EQUAL, jumps(0, 12), ifindex],
    [LOAD_WORD, 0, PACKET_TYPE],
    [JUMP_IF_EQUAL, jumps(0, 10), PACKET_HOST],
    [LOAD_OCTET, 0, IP + 9], // protocol
    [JUMP_IF_EQUAL, jumps(7, 0), IpProtocol.IPIP],
    [JUMP_IF_EQUAL, jumps(6, 0), IpProtocol.GRE],
    [JUMP_IF_EQUAL, jumps(0, 6), IpProtocol.UDP],
    [LOAD_HALF, 0, IP + 6], // fragment offset
    [JUMP_IF_SET, jumps(4, 0), 0x1fff],
    [LOAD_HEADER_LEN_TO_X, 0, IP],
    [LOAD_HALF_BEHIND_X, 0, IP + 2], // destination port
    [JUMP_IF_EQUAL, jumps(0, 1), guePort],
    [ANSWER, 0, 0xffffffff],
    [ANSWER, 0, 0],
  ]
}
