/*
 * Steps of flow-program.ts for flows that go into a tunnel by IPIP: as forward/tunnel.ts does it with packets that have DF. The
 * segments of a GSO frame are wrapped by whoever cuts it.
 */
import { DF, Ecn, ECN_BITS, IPV4_MIN_LEN, IpProtocol } from '../wire/ipv4.js'
import { At, foldInto, HEAD, LOST, SUMS_READ, TUNNEL_HEAD, UP, writeFrame } from './flow-parts.js'
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

// linux/bpf.h, of skb_adjust_room: behind the MAC header; segments stay as long; what is put there is an IPv4 header.
const BPF_ADJ_ROOM_MAC = 1
const BPF_F_ADJ_ROOM_FIXED_GSO = 1
const BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 = 2
const MOST_OCTETS = 0xffff
const DONT_FRAGMENT = DF >> 8
/** Octets up to the inner header's checksum, and with it. */
const WRITTEN = At.SRC + IPV4_MIN_LEN

/** Of step 6. */
export const mayEnterTunnel: Code = [
  'a tunnel',
  load8(r2, r7, At.FRAGMENT),
  and(r2, DONT_FRAGMENT),
  jumpIf(r2, '==', 0, UP),
  jumpIf(r9, '>', MOST_OCTETS - IPV4_MIN_LEN, UP),
  jump('may be sent'),
]

/**
 * Of step 10. It makes room before it changes anything: for a frame that is in a tunnel of its own, and for GSO that it does not know,
 * the kernel makes none.
 */
export const intoTunnel: Code = [
  'into its tunnel',
  mov(r1, r6),
  mov(r2, IPV4_MIN_LEN),
  mov(r3, BPF_ADJ_ROOM_MAC),
  mov(r4, BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L3_IPV4),
  call(Helper.SKB_ADJUST_ROOM), // bpf_skb_adjust_room(skb, 20, BPF_ADJ_ROOM_MAC, flags)
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
  mov(r2, r9),
  add(r2, IPV4_MIN_LEN),
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
  mov(r2, (IpProtocol.IPIP << 24) | DONT_FRAGMENT),
  shiftLeft(r2, 32),
  add(r1, r2),
  store64(fp, TUNNEL_HEAD + 16, r1), // 16 to 23: length, no identification, DF, TTL, protocol
  load64(r1, fp, HEAD + 24), // the inner checksum, SRC and half of DST
  mov(r0, r1),
  shiftRight(r1, 16),
  shiftLeft(r1, 16),
  add(r5, r1),
  store64(fp, TUNNEL_HEAD + 24, r5), // 24 to 31: checksum, source, half the destination
  load64(r1, fp, HEAD + 32),
  and(r1, 0xffff), // the other half
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
]
