/*
 * The program at a real server's ingress that takes the outer headers off tunnels, as realserver/decapsulation.ts does, and hands the
 * inner packet to the kernel as if it had come in by the decapsulator's TUN device. What it does not take it leaves as it was: the
 * kernel hands it to the decapsulator's ring, which takes it, or drops and counts it. So nothing is dropped here.
 *
 * 1. the TUN device has taken a packet; IPv4, of no VLAN, to this host; IPIP, GRE or UDP     or left, as at all that follow
 * 2. outer header of 20 octets, no fragment, checksum, length
 * 3. GRE without a checksum; UDP to GUE's port without a checksum, GUE without extensions
 * 4. inner header of 20 octets, checksum, length
 * 5. a GSO frame: TCP, and nothing behind the inner packet
 * 6. the outer destination is an address of this host, the inner one a VIP
 * 7. the outer headers are taken off
 * 8. counted; on as the TUN device's
 *
 * r1 where the octets end that are at hand, up to step 6; r6 the frame; r7 where it begins, then so many octets further as r8 has;
 * r8 octets of the outer headers; r9 octets of the outer packet, then where the kind has its counter.
 */
import { PacketType } from '../linux/classic-filter.js'
import { ETHERNET_LEN, EtherType } from '../wire/ethernet.js'
import { GreFlag, GRE_LEN } from '../wire/gre.js'
import { GUE_LEN } from '../wire/gue.js'
import { IpProtocol, IPV4_MIN_LEN, PLAIN_IPV4 } from '../wire/ipv4.js'
import { UDP_LEN } from '../wire/udp.js'
import { At, headerSum } from './flow-parts.js'
import { lookup } from './frame-parts.js'
import {
  add,
  and,
  assemble,
  atomicAdd64,
  call,
  exit,
  fp,
  fromNetwork,
  Helper,
  jump,
  jumpIf,
  load16,
  load32,
  load64,
  load8,
  loadMapValue,
  mov,
  mul32,
  r0,
  r1,
  r2,
  r3,
  r4,
  r6,
  r7,
  r8,
  r9,
  shiftRight,
  Skb,
  store64,
  type Code,
} from './instructions.js'

/** File descriptors. */
export interface DecapMaps {
  /** An array of one: `DecapSettings`. */
  readonly settings: number
  /** An array of `COUNTER_PLACES`: `DecapCount`; a CPU adds to its own, or shares one. */
  readonly counts: number
  /** Hashes of addresses as they stand in a frame: this host's, and those that inner packets may have as their destination. */
  readonly own: number
  readonly vips: number
}
/** 32 bits each: the UDP port of GUE as it stands in a frame, or 0; whether the TUN device takes packets. */
export const DecapSettings = { GUE_PORT: 0, IS_OPEN: 4, LEN: 8 } as const
/** Packets by tunnel, 64 bits each, in a cache line. */
export const DecapCount = { IPIP: 0, GRE: 8, GUE: 16, LEN: 64 } as const
/** A power of two. */
export const COUNTER_PLACES = 64

// Places on the stack, 64 bits each: keys, the number of a counter's place, where in it the counter is.
const [OUTER_DST, INNER_DST, PLACE, COUNTER] = [-8, -16, -24, -32]

/** Octets of headers that are looked at: the longest outer ones, GRE's with two words, and the inner one. */
const LONGEST_HEAD = ETHERNET_LEN + IPV4_MIN_LEN + GRE_LEN + 8 + IPV4_MIN_LEN
const SHORTEST_HEAD = ETHERNET_LEN + 2 * IPV4_MIN_LEN
const BEHIND = ETHERNET_LEN + IPV4_MIN_LEN
/** linux/pkt_cls.h, TC_ACT_UNSPEC: on to the next program, or to the stack. */
const NEXT = -1
/** As they are read, their octets swapped: an EtherType; MF and the fragment offset; flags and protocol of GRE; GUE for IPv4. */
const IPV4 = 0x0008
const FRAGMENT = 0xff3f
const GRE_IPV4 = swapped16(EtherType.IPV4)
const [GRE_KEY, GRE_SEQUENCE] = [swapped16(GreFlag.KEY), swapped16(GreFlag.SEQUENCE)]
const GUE_IPV4 = IpProtocol.IPIP << 8
// linux/bpf.h, of skb_adjust_room and redirect.
const BPF_ADJ_ROOM_MAC = 1
const BPF_F_ADJ_ROOM_FIXED_GSO = 1
const BPF_F_ADJ_ROOM_NO_CSUM_RESET = 32
const BPF_F_INGRESS = 1

const LEAVE = 'left'

/** A program of SCHED_CLS; `device`: the index of the TUN device. */
export function decapProgram(maps: DecapMaps, device: number): BigUint64Array {
  return assemble([
    [ofTunnel(maps), outerHeader],
    [ipip, gre, gue],
    [innerHeader, segments, addresses(maps)],
    [withoutOuter, counted(maps), asOfDevice(device)],
    [LEAVE, mov(r0, NEXT), exit()],
  ])
}

/** Step 1. r7 = where the frame begins, r1 = where the octets end that are at hand. */
function ofTunnel({ settings }: DecapMaps): Code {
  return [
    mov(r6, r1),
    load32(r2, r6, Skb.PROTOCOL),
    jumpIf(r2, '!=', IPV4, LEAVE),
    load32(r2, r6, Skb.VLAN_PRESENT),
    jumpIf(r2, '!=', 0, LEAVE),
    load32(r2, r6, Skb.PACKET_TYPE),
    jumpIf(r2, '!=', PacketType.HOST, LEAVE),
    loadMapValue(r9, settings, 0),
    load32(r2, r9, DecapSettings.IS_OPEN),
    jumpIf(r2, '==', 0, LEAVE),
    load32(r7, r6, Skb.DATA),
    load32(r1, r6, Skb.DATA_END),
    mov(r2, r7),
    add(r2, LONGEST_HEAD),
    jumpIf(r2, '<=', r1, 'at hand'),
    load32(r2, r6, Skb.LEN),
    jumpIf(r2, '<', LONGEST_HEAD, 'at hand'), // a short frame lies in one piece, or is left
    mov(r1, r6),
    mov(r2, LONGEST_HEAD),
    call(Helper.SKB_PULL_DATA), // bpf_skb_pull_data(skb, octets)
    load32(r7, r6, Skb.DATA),
    load32(r1, r6, Skb.DATA_END),
    'at hand',
    mov(r2, r7),
    add(r2, SHORTEST_HEAD),
    jumpIf(r2, '>', r1, LEAVE),
    load8(r4, r7, At.PROTOCOL),
    jumpIf(r4, '==', IpProtocol.IPIP, 'a tunnel'),
    jumpIf(r4, '==', IpProtocol.GRE, 'a tunnel'),
    jumpIf(r4, '!=', IpProtocol.UDP, LEAVE),
    load32(r2, r9, DecapSettings.GUE_PORT),
    jumpIf(r2, '==', 0, LEAVE),
    load16(r3, r7, At.PORTS + 2),
    jumpIf(r2, '!=', r3, LEAVE), // a later fragment has no port: step 2 sees to that
    'a tunnel',
  ]
}

/** Step 2. r9 = octets of the packet; r4 stays the protocol. */
const outerHeader: Code = [
  load8(r2, r7, At.VERSION),
  jumpIf(r2, '!=', PLAIN_IPV4, LEAVE),
  load16(r2, r7, At.FRAGMENT),
  and(r2, FRAGMENT),
  jumpIf(r2, '!=', 0, LEAVE),
  headerSum(At.VERSION, LEAVE),
  load16(r9, r7, At.LENGTH),
  fromNetwork(r9, 16),
  load32(r2, r6, Skb.LEN),
  mov(r3, r9),
  add(r3, ETHERNET_LEN),
  jumpIf(r3, '>', r2, LEAVE), // cut off
  load32(r2, r7, At.DST),
  store64(fp, OUTER_DST, r2),
  jumpIf(r4, '==', IpProtocol.GRE, 'gre'),
  jumpIf(r4, '==', IpProtocol.UDP, 'gue'),
]

/** Step 3, of each kind: r8 = octets up to the inner packet, and which counter it is. */
const ipip: Code = [mov(r8, IPV4_MIN_LEN), store64(fp, COUNTER, DecapCount.IPIP), jump('inner')]
const gre: Code = [
  'gre',
  load16(r2, r7, BEHIND + 2),
  jumpIf(r2, '!=', GRE_IPV4, LEAVE),
  store64(fp, COUNTER, DecapCount.GRE),
  load16(r2, r7, BEHIND), // flags and version
  mov(r8, IPV4_MIN_LEN + GRE_LEN),
  jumpIf(r2, '==', 0, 'inner'),
  mov(r8, IPV4_MIN_LEN + GRE_LEN + 4),
  jumpIf(r2, '==', GRE_KEY, 'inner'),
  jumpIf(r2, '==', GRE_SEQUENCE, 'inner'),
  mov(r8, IPV4_MIN_LEN + GRE_LEN + 8),
  jumpIf(r2, '==', GRE_KEY | GRE_SEQUENCE, 'inner'),
  jump(LEAVE),
]
const gue: Code = [
  'gue',
  load16(r2, r7, At.UDP_CHECK),
  jumpIf(r2, '!=', 0, LEAVE),
  load16(r2, r7, At.UDP_LENGTH),
  fromNetwork(r2, 16),
  add(r2, IPV4_MIN_LEN),
  jumpIf(r2, '!=', r9, LEAVE),
  store64(fp, COUNTER, DecapCount.GUE),
  mov(r8, IPV4_MIN_LEN + UDP_LEN),
  load8(r2, r7, At.UDP_END),
  shiftRight(r2, 4),
  jumpIf(r2, '==', 4, 'inner'), // GUE's version 1: the IPv4 packet itself
  mov(r8, IPV4_MIN_LEN + UDP_LEN + GUE_LEN),
  load32(r2, r7, At.UDP_END),
  jumpIf(r2, '!=', GUE_IPV4, LEAVE),
]

/** Step 4. r7 = where the frame would begin without the outer headers; r2 = octets of the inner packet, r4 with the outer headers. */
const innerHeader: Code = [
  'inner',
  add(r7, r8),
  mov(r2, r7),
  add(r2, BEHIND),
  jumpIf(r2, '>', r1, LEAVE),
  load8(r2, r7, At.VERSION),
  jumpIf(r2, '!=', PLAIN_IPV4, LEAVE),
  headerSum(At.VERSION, LEAVE),
  load32(r2, r7, At.DST),
  store64(fp, INNER_DST, r2),
  load16(r2, r7, At.LENGTH),
  fromNetwork(r2, 16),
  jumpIf(r2, '<', IPV4_MIN_LEN, LEAVE),
  mov(r4, r2),
  add(r4, r8),
  jumpIf(r4, '>', r9, LEAVE),
]

/** Step 5. The kernel cannot cut a GSO frame off, and knows how to take headers off TCP's. */
const segments: Code = [
  load32(r2, r6, Skb.GSO_SIZE),
  jumpIf(r2, '==', 0, 'no segments'),
  add(r4, ETHERNET_LEN),
  load32(r2, r6, Skb.LEN),
  jumpIf(r4, '!=', r2, LEAVE),
  load8(r2, r7, At.PROTOCOL),
  jumpIf(r2, '!=', IpProtocol.TCP, LEAVE),
  'no segments',
]

/** Step 6. */
function addresses({ own, vips }: DecapMaps): Code {
  return [
    lookup(vips, INNER_DST),
    jumpIf(r0, '==', 0, LEAVE),
    lookup(own, OUTER_DST),
    jumpIf(r0, '==', 0, LEAVE),
    load64(r9, fp, COUNTER),
  ]
}

/**
 * Step 7. Segments stay as long. What a NIC has said of a checksum is of the inner packet's, as no other is passed over here; but of a
 * GUE packet it may be that UDP has none.
 */
const withoutOuter: Code = [
  mov(r1, r6),
  mov(r2, r8),
  mul32(r2, -1),
  mov(r3, BPF_ADJ_ROOM_MAC),
  mov(r4, BPF_F_ADJ_ROOM_FIXED_GSO),
  jumpIf(r9, '==', DecapCount.GUE, 'of udp'),
  mov(r4, BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_NO_CSUM_RESET),
  'of udp',
  call(Helper.SKB_ADJUST_ROOM), // bpf_skb_adjust_room(skb, -r8, BPF_ADJ_ROOM_MAC, flags)
  jumpIf(r0, '!=', 0, LEAVE), // and nothing is changed
]

/** Of step 8. */
function counted({ counts }: DecapMaps): Code {
  return [
    call(Helper.GET_SMP_PROCESSOR_ID),
    and(r0, COUNTER_PLACES - 1),
    store64(fp, PLACE, r0),
    lookup(counts, PLACE),
    jumpIf(r0, '==', 0, 'counted'), // there are so many places
    add(r0, r9),
    mov(r1, 1),
    atomicAdd64(r0, 0, r1),
    'counted',
  ]
}

/** Of step 8. The flow's hash is of the inner headers from now on: all packets of a tunnel have the same outer ones. */
function asOfDevice(device: number): Code {
  return [
    mov(r1, r6),
    call(Helper.SET_HASH_INVALID), // bpf_set_hash_invalid(skb)
    mov(r1, device),
    mov(r2, BPF_F_INGRESS),
    call(Helper.REDIRECT), // bpf_redirect(device, BPF_F_INGRESS)
    exit(),
  ]
}

function swapped16(value: number): number {
  return ((value & 0xff) << 8) | (value >>> 8)
}
