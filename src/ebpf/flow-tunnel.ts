/*
 * Steps of flow-program.ts for flows that go into a tunnel by IPIP, or by GRE or GUE without a checksum: as forward/tunnel.ts does it with
 * packets that have DF. The segments of a GSO frame are wrapped by whoever cuts it.
 */
import { FlowForm } from '../packet/flow-slot.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { GRE_LEN } from '../wire/gre.js'
import { GUE_LEN } from '../wire/gue.js'
import { DF, Ecn, ECN_BITS, IPV4_MIN_LEN, IpProtocol } from '../wire/ipv4.js'
import { UDP_LEN } from '../wire/udp.js'
import {
  At,
  foldInto,
  HEAD,
  LOST,
  OUTER_LEN,
  SUMS_READ,
  TUNNEL_HEAD,
  UP,
  writeFrame,
  writeOctets,
} from './flow-parts.js'
import {
  add,
  and,
  call,
  fp,
  fromNetwork,
  Helper,
  jump,
  jumpIf,
  load64,
  load8,
  mov,
  mov32,
  r0,
  r1,
  r2,
  r3,
  r4,
  r5,
  r6,
  r7,
  r9,
  shiftLeft,
  shiftRight,
  store64,
  xor32,
  type Code,
} from './instructions.js'

// linux/bpf.h, of skb_adjust_room: behind the MAC header; segments stay as long; what is put there is an IPv4 header, and GRE's or UDP's.
const BPF_ADJ_ROOM_MAC = 1
const BPF_F_ADJ_ROOM_FIXED_GSO = 1
const BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 = 2
const BPF_F_ADJ_ROOM_ENCAP_L4_GRE = 8
const BPF_F_ADJ_ROOM_ENCAP_L4_UDP = 16
/** Of skb_store_bytes. */
const BPF_F_RECOMPUTE_CSUM = 1
const IPIP_ROOM = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L3_IPV4
const MOST_OCTETS = 0xffff
/** Octets up to the inner header's checksum, and with it. */
const WRITTEN = At.SRC + IPV4_MIN_LEN
/** Octets of headers. */
const WITH_GRE = IPV4_MIN_LEN + GRE_LEN
const WITH_GUE = IPV4_MIN_LEN + UDP_LEN + GUE_LEN
const BEHIND_OUTER = ETHERNET_LEN + IPV4_MIN_LEN
/** Of an IPv4 header, octets up to its addresses. */
const CHANGED = At.SRC - ETHERNET_LEN
/** GUE's header of version 0 for IPv4, behind the checksum that UDP has not, as both stand in the frame. */
const GUE_IPV4 = IpProtocol.IPIP << 24

/** Of step 6. */
export const mayEnterTunnel: Code = [
  'a tunnel',
  load8(r2, r7, At.FRAGMENT),
  and(r2, DF >> 8),
  jumpIf(r2, '==', 0, UP),
  jumpIf(r9, '>', MOST_OCTETS - WITH_GUE, UP),
  jump('may be sent'),
]

/**
 * Of step 10. It makes room before it changes anything: for a frame that is in a tunnel of its own, and for GSO that it does not know,
 * the kernel makes none.
 */
export const intoTunnel: Code = [
  'into its tunnel', // r1 = FORM
  mov(r2, IPV4_MIN_LEN),
  mov(r4, IPIP_ROOM),
  and(r1, FlowForm.GRE | FlowForm.GUE),
  jumpIf(r1, '==', 0, 'which tunnel'),
  mov(r2, WITH_GRE),
  mov(r4, IPIP_ROOM | BPF_F_ADJ_ROOM_ENCAP_L4_GRE),
  jumpIf(r1, '==', FlowForm.GRE, 'which tunnel'),
  mov(r2, WITH_GUE),
  mov(r4, IPIP_ROOM | BPF_F_ADJ_ROOM_ENCAP_L4_UDP),
  'which tunnel',
  store64(fp, OUTER_LEN, r2),
  mov(r1, r6),
  mov(r3, BPF_ADJ_ROOM_MAC),
  call(Helper.SKB_ADJUST_ROOM), // bpf_skb_adjust_room(skb, OUTER_LEN, BPF_ADJ_ROOM_MAC, flags)
  jumpIf(r0, '!=', 0, UP),
  load64(r1, fp, HEAD),
  store64(fp, TUNNEL_HEAD, r1), // octets 0 to 7: both MACs
  load64(r1, fp, HEAD + 8),
  mov(r3, r1),
  shiftRight(r3, 48), // r3 = version and type of service, for the inner header
  mov(r2, r3),
  shiftRight(r2, 8),
  and(r2, ECN_BITS),
  jumpIf(r2, '!=', Ecn.CE, 'not congested'),
  mov(r2, -(Ecn.CE - Ecn.ECT0)),
  shiftLeft(r2, 56),
  add(r1, r2), // congestion so far is the inner header's (RFC 3168 §9.1.1, full functionality)
  'not congested',
  store64(fp, TUNNEL_HEAD + 8, r1), // 8 to 15
  shiftRight(r1, 56),
  shiftLeft(r1, 8),
  load64(r5, fp, SUMS_READ),
  mov32(r5, r5), // ADDRESS_SUM
  add(r5, r1),
  load64(r2, fp, OUTER_LEN),
  add(r2, r9),
  fromNetwork(r2, 16), // r2 = the length, as it stands in the frame
  add(r5, r2),
  load64(r4, fp, HEAD + 16), // r4 = the inner header's 2 to 9
  mov(r1, r4),
  shiftRight(r1, 48),
  and(r1, 0xff), // the TTL, lowered
  add(r5, r1),
  foldInto(r5, 16, r0),
  foldInto(r5, 16, r0),
  xor32(r5, 0xffff), // r5 = the outer header's checksum
  shiftLeft(r1, 48),
  add(r1, r2),
  load64(r2, fp, SUMS_READ),
  shiftRight(r2, 32),
  shiftLeft(r2, 32), // DF and the protocol
  add(r1, r2),
  store64(fp, TUNNEL_HEAD + 16, r1), // 16 to 23: length, no identification, DF, TTL, protocol
  load64(r1, fp, HEAD + 24), // the inner checksum, SRC and half of DST
  mov(r0, r1),
  shiftRight(r1, 16),
  shiftLeft(r1, 16),
  add(r5, r1),
  store64(fp, TUNNEL_HEAD + 24, r5), // 24 to 31: checksum, source, half the destination
  load64(r1, fp, HEAD + 32), // the other half, and PORTS
  load64(r2, fp, OUTER_LEN),
  jumpIf(r2, '!=', IPV4_MIN_LEN, 'more headers'),
  shiftLeft(r3, 16),
  add(r1, r3),
  mov(r2, r4),
  shiftLeft(r2, 32),
  add(r1, r2),
  store64(fp, TUNNEL_HEAD + 32, r1), // 32 to 39
  shiftLeft(r0, 48),
  shiftRight(r0, 16), // the inner header's checksum
  shiftRight(r4, 32),
  add(r4, r0),
  store64(fp, TUNNEL_HEAD + 40, r4), // 40 to 45
  writeFrame(TUNNEL_HEAD, WRITTEN, LOST),
  jump('rewritten'),
  'more headers',
  mov(r4, GRE_LEN),
  jumpIf(r2, '==', WITH_GRE, 'behind the outer one'),
  mov(r4, UDP_LEN + GUE_LEN),
  add(r2, -IPV4_MIN_LEN),
  add(r2, r9),
  fromNetwork(r2, 16),
  shiftLeft(r2, 48),
  add(r1, r2), // UDP's length
  mov(r2, GUE_IPV4),
  store64(fp, TUNNEL_HEAD + 40, r2), // 40 to 45
  'behind the outer one',
  store64(fp, TUNNEL_HEAD + 32, r1), // 32 to 37, or 39
  mov(r2, BEHIND_OUTER),
  writeOctets(TUNNEL_HEAD + BEHIND_OUTER, LOST, BPF_F_RECOMPUTE_CSUM),
  writeFrame(TUNNEL_HEAD, BEHIND_OUTER, LOST), // the sum of an IPv4 header is 0
  load64(r2, fp, OUTER_LEN),
  add(r2, ETHERNET_LEN), // behind the headers
  mov(r4, CHANGED),
  writeOctets(HEAD + ETHERNET_LEN, LOST),
  jump('rewritten'),
]
