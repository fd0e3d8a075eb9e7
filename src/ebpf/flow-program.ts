/*
 * Steps of the front's program that forward the frames of flows (packet/flow-slot.ts) as director/path/fast-path.ts does, bit for bit;
 * test/ebpf/flow-program.test.ts holds the two together. All that the director has not decided, or that needs more than a
 * rewritten header, comes up: it goes on to the front's own steps (front-program.ts) and so, mostly, to the director.
 *
 * 1. any flow is entered; to this host; its headers lie in one piece          or comes up, as at all that follow
 * 2. IPv4 header of 20 octets, no fragment, TTL, checksum, length
 * 3. TCP with ACK and without SYN, FIN, RST; or UDP
 * 4. a flow of the table, in the director's present epoch
 * 5. MTU; of a GSO frame, that of its segments
 * 6. DF, where a tunnel is its way; UDP with a checksum; TCP's options, where a client could claim an address by them
 * 7. the next hop is known
 * 8. the head of the frame that leaves; all that was read of the slot was of this epoch and flow
 * 9. no padding
 * 10. checksums and head are written; or a tunnel's header before it            ebpf/flow-tunnel
 *     what cannot be done after a checksum was changed                        → lost, and counted
 * 11. counted; sent
 *
 * r6 the frame; r7 where it begins, from step 8 on the interface; r8 the flow's slot; r9 octets of the IP packet.
 */
import { COUNT_LOW, FlowForm, FORM, HOP, MTU, PACKET_BITS, SEEN } from '../packet/flow-slot.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { IpProtocol, IPV4_MIN_LEN } from '../wire/ipv4.js'
import { UDP_LEN } from '../wire/udp.js'
import {
  At,
  Globals,
  LINK_IFINDEX,
  LINK_NUMBER,
  LINK_SHIFT,
  loadSlot,
  LOST,
  NEXT_MAC,
  SEEN_BITS,
  UP,
  type FlowMaps,
} from './flow-parts.js'
import { flow, oneHead, plainHeader, plainTransport, someFlows, thisEpoch } from './flow-match.js'
import { newHead, rewritten, trimmed, udpChecksum, unchanged } from './flow-rewrite.js'
import { intoTunnel, mayEnterTunnel } from './flow-tunnel.js'
import { DROP, lookup } from './frame-parts.js'
import {
  add,
  and,
  atomicAdd64,
  call,
  exit,
  fp,
  jump,
  jumpIf,
  load16,
  load32,
  load64,
  load8,
  loadMap,
  loadMapValue,
  mov,
  r0,
  r1,
  r2,
  r3,
  r4,
  r5,
  r6,
  r7,
  r8,
  r9,
  shiftLeft,
  shiftRight,
  store32,
  store64,
  Helper,
  Skb,
  type Code,
} from './instructions.js'

/** Two NOPs and a timestamps option (RFC 7323 appendix A), as they are read; and words of a TCP header that has just them, or no options. */
const TIMESTAMPS_ONLY = 0x0a080101
const WORDS_WITH_TIMESTAMPS = 8
const WORDS_WITHOUT_OPTIONS = 5
/** By this much a segment may be longer whose GSO frame is that of a tunnel by UDP: the tunnel's, Ethernet's, IPv6's and TCP's headers in it. */
const TUNNEL_ROOM = 128

/** `clock`: the helper that tells the time, in ns; `isStill`: further steps after the fourth, that leave r6 to r9 as they are. */
export function flowSteps(maps: FlowMaps, clock: number, isStill: Code = []): Code {
  return [
    [someFlows(maps), oneHead, plainHeader, plainTransport, flow(maps), thisEpoch(maps), isStill],
    [mayLeave, plainOptions, nextHop(maps)],
    [newHead, unchanged, trimmed, rewritten, leaves(clock)],
    [udpChecksum, lost(maps), mayEnterTunnel, intoTunnel],
    [UP, mov(r7, ETHERNET_LEN)],
  ]
}

/** Step 5. A GSO frame's segments are as long as its headers and gso_size. */
const mayLeave: Code = [
  loadSlot(r2, MTU),
  load32(r1, r6, Skb.GSO_SIZE),
  jumpIf(r1, '!=', 0, 'segments'),
  jumpIf(r9, '>', r2, UP),
  jump('fits'),
  'segments',
  load32(r3, r6, Skb.LEN),
  add(r3, -ETHERNET_LEN),
  jumpIf(r3, '!=', r9, UP), // padded: it could not be trimmed and stay a GSO frame
  load8(r3, r7, At.PROTOCOL),
  jumpIf(r3, '==', IpProtocol.TCP, 'tcp segments'),
  add(r1, IPV4_MIN_LEN + UDP_LEN),
  jumpIf(r1, '>=', r9, UP),
  add(r1, TUNNEL_ROOM),
  jumpIf(r1, '>', r2, UP),
  jump('fits'),
  'tcp segments',
  hasOctets(At.TCP_END),
  load8(r3, r7, At.TCP_DATA_OFFSET),
  shiftRight(r3, 4),
  jumpIf(r3, '<', WORDS_WITHOUT_OPTIONS, UP),
  shiftLeft(r3, 2),
  add(r1, r3),
  add(r1, IPV4_MIN_LEN),
  jumpIf(r1, '>=', r9, UP),
  jumpIf(r1, '>', r2, UP),
  'fits',
]
/** The frame's octets before `end` are at hand, or it comes up. r3, r4 hold nothing. */
function hasOctets(end: number): Code {
  return [load32(r3, r6, Skb.DATA_END), mov(r4, r7), add(r4, end), jumpIf(r4, '>', r3, UP)]
}

/** Step 6. */
const plainOptions: Code = [
  loadSlot(r1, FORM),
  jumpIf(r1, '&', FlowForm.TUNNEL, 'a tunnel'),
  'may be sent',
  load8(r2, r7, At.PROTOCOL),
  jumpIf(r2, '==', IpProtocol.TCP, 'options'),
  and(r1, FlowForm.TRANSLATED),
  jumpIf(r1, '==', 0, 'plain options'),
  load16(r2, r7, At.UDP_CHECK),
  jumpIf(r2, '==', 0, UP), // the director computes one
  jump('plain options'),
  'options',
  and(r1, FlowForm.CHECK_OPTIONS),
  jumpIf(r1, '==', 0, 'plain options'),
  hasOctets(At.TCP_END),
  load8(r2, r7, At.TCP_DATA_OFFSET),
  shiftRight(r2, 4),
  jumpIf(r2, '==', WORDS_WITHOUT_OPTIONS, 'plain options'),
  jumpIf(r2, '!=', WORDS_WITH_TIMESTAMPS, UP),
  jumpIf(r9, '<', IPV4_MIN_LEN + WORDS_WITH_TIMESTAMPS * 4, UP),
  hasOctets(At.OPTION_END),
  load32(r2, r7, At.TCP_END),
  jumpIf(r2, '!=', TIMESTAMPS_ONLY, UP),
  'plain options',
]

/** Step 7. r2 = the source MAC, r5 = the interface's index. */
function nextHop({ hops, links }: FlowMaps): Code {
  return [
    mov(r2, r8),
    add(r2, HOP * 4),
    loadMap(r1, hops),
    call(Helper.MAP_LOOKUP_ELEM),
    jumpIf(r0, '==', 0, UP),
    load64(r1, r0, 0), // read once: a MAC that changes does so wholly
    store64(fp, NEXT_MAC, r1),
    shiftRight(r1, LINK_SHIFT),
    store64(fp, LINK_NUMBER, r1),
    lookup(links, LINK_NUMBER),
    jumpIf(r0, '==', 0, UP),
    load32(r5, r0, LINK_IFINDEX),
    jumpIf(r5, '==', 0, UP), // not known, or its link is gone
    load64(r2, r0, 0),
  ]
}

/** Step 11. */
function leaves(clock: number): Code {
  return [
    call(clock),
    shiftRight(r0, SEEN_BITS),
    store32(r8, SEEN * 4, r0),
    mov(r1, r9),
    shiftLeft(r1, PACKET_BITS),
    add(r1, 1),
    atomicAdd64(r8, COUNT_LOW * 4, r1), // octets, and one packet
    mov(r1, r7),
    mov(r2, 0),
    call(Helper.REDIRECT), // bpf_redirect(ifindex, 0)
    exit(),
  ]
}
function lost({ globals }: FlowMaps): Code {
  return [LOST, loadMapValue(r1, globals, Globals.LOST), mov(r2, 1), atomicAdd64(r1, 0, r2), mov(r0, DROP), exit()]
}
