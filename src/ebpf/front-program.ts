/*
 * The front: programs at an interface's ingress that say which IPv4 frames uvs takes. What it takes is marked, and for another
 * host: the ring, bound to IPv4, hears it, the kernel's stack drops it. All else is left as it was.
 *
 * Beside the kernel (`packet/front-choice.ts` is the same in JavaScript, test/ebpf/front-program.test.ts holds the two together):
 * 1. was given back by uvs; no IPv4, of a VLAN, for another host or for all  → left
 * 2. to an address that is wholly uvs's                                      → taken, whatever it is
 * 3. no IPv4 header                                                          → left
 * 4. a later piece of a datagram                                             → as its first piece
 *    before that one, to a VIP or from a masqueraded real server             → taken, and the first piece too
 * 5. an ICMP error: by the packet that it quotes
 *    from a virtual service, or an address that is wholly uvs's              → taken
 *    by a tunnel to a real server, or to a masqueraded one                   → taken
 *    to a virtual service, or an address that is wholly uvs's, from a real server by direct routing or a tunnel   → taken
 *    to a masqueraded real server from such a program of the host                                         → taken
 *    a first piece that ends before it quotes ports                          → as a piece before the first
 * 6. to a virtual service                                                    → taken
 * 7. from a masqueraded real server, not to the host itself but for a program
 *    that has sent to a virtual service (front-loopback.ts)                     → taken
 * 8. all else                                                                → left
 *
 * Exclusive: all IPv4, for whatever host, but step 1's and what is to an address that the kernel holds and uvs does not serve.
 *
 * r6 the frame, r7 where to read, r8 the kinds of the destination, r9 whether it is known what follows the header, then the
 * kinds of another address.
 */
import { PacketType } from '../linux/classic-filter.js'
import { HIGHEST_ERROR, RELATED_ERRORS } from '../packet/related-errors.js'
import { AddressKind, type FrontMode } from '../packet/front.js'
import { ETHERNET_LEN } from '../wire/ethernet.js'
import { ICMP_LEN } from '../wire/icmp.js'
import { IpProtocol } from '../wire/ipv4.js'
import { DST, FRAGMENT, HEADER_LEN, OFFSET, PROTOCOL, read, SRC } from './frame-parts.js'
import { ADDRESS_LEN } from './map-keys.js'
import {
  BEHIND,
  BEHIND_LEN,
  behind,
  findPlace,
  DST_PORT,
  HEADER,
  kindsOf,
  needs,
  needsHostPlace,
  ownKindsOf,
  QUOTED,
  SRC_PORT,
  WHOLLY,
  type FrontMaps,
} from './front-parts.js'
import { firstPiece, laterPiece } from './front-pieces.js'
import {
  add,
  and,
  assemble,
  call,
  exit,
  fp,
  Helper,
  jump,
  jumpIf,
  load16,
  load32,
  load8,
  mov,
  r0,
  r1,
  r2,
  r6,
  r7,
  r8,
  r9,
  shiftRight,
  Skb,
  store32,
  type Code,
} from './instructions.js'

/** What a frame is marked with: 'uvs' that it is taken; 'uvsr' that uvs has given it back. */
export const Mark = { TAKEN: 0x757673, RETURNED: 0x75767372 } as const

/** linux/pkt_cls.h, linux/bpf.h: TC_ACT_UNSPEC, TCX_NEXT. The frame goes on, to the next program or into the stack. */
export const NEXT = -1
const BPF_F_INGRESS = 1
const ETH_P_IP_ON_THE_WIRE = 0x0008

/** What the front does before step 1, and with frames that it takes. */
export interface FrontEnds {
  readonly before: Code
  /** Ends the program. */
  readonly taken: Code
}

/**
 * A program of SCHED_CLS. `flows`: the steps of flow-program.ts, which forward a frame or go on to the front's own; `syns`: those of
 * syn-budget.ts, which drop one or go on.
 */
export function frontProgram(
  maps: FrontMaps,
  mode: FrontMode,
  flows: Code = [],
  syns: Code = [],
  { before, taken }: FrontEnds = { before: [], taken: marked },
): BigUint64Array {
  const ends = ['take', taken, left]
  if (mode === 'exclusive') return assemble([before, ofIpv4, flows, syns, notOfTheKernel(maps), ends])
  return assemble([
    [before, ofIpv4, flows, toThisHost, syns, readHeader],
    [toWhollyOurs(maps), form],
    [toService(maps), fromServer(maps)],
    [cutOff, laterPiece(maps), icmpError(maps)],
    [firstPiece(maps), ends],
  ])
}

/** Step 1, of both programs. r6 = the frame, r7 = where its IPv4 header is. */
export const ofIpv4: Code = [
  mov(r6, r1), // r6 = skb
  load32(r2, r6, Skb.MARK),
  jumpIf(r2, '==', Mark.RETURNED, 'returned'),
  load32(r2, r6, Skb.PROTOCOL),
  jumpIf(r2, '!=', ETH_P_IP_ON_THE_WIRE, 'leave'),
  load32(r2, r6, Skb.VLAN_PRESENT),
  jumpIf(r2, '!=', 0, 'leave'),
  mov(r7, ETHERNET_LEN),
]
const toThisHost: Code = [load32(r2, r6, Skb.PACKET_TYPE), jumpIf(r2, '!=', PacketType.HOST, 'leave')]

/** The IPv4 header, and what follows it were it without options; r9 = whether that is there. */
export const readHeader: Code = [mov(r9, 1), read(HEADER, HEADER_LEN + BEHIND_LEN, 'header alone'), 'has a header']

/** Step 2. r8 = the kinds of the destination. */
function toWhollyOurs(maps: FrontMaps): Code {
  return [kindsOf(r8, maps, HEADER + DST, 'destination'), jumpIf(r8, '&', WHOLLY, 'take')]
}

/** Step 3, and on to steps 4 and 5 for pieces and for ICMP. r7 = what follows the header. */
export const form: Code = [
  behind(HEADER, 'header', 'leave', 'nothing behind'),
  'has a form',
  load16(r1, fp, HEADER + FRAGMENT),
  and(r1, OFFSET),
  jumpIf(r1, '!=', 0, 'later piece'),
  jumpIf(r9, '==', 0, 'leave'), // cut off before the ports
  load8(r1, fp, HEADER + PROTOCOL),
  jumpIf(r1, '==', IpProtocol.ICMP, 'icmp'),
]

/** Step 6. */
function toService(maps: FrontMaps): Code {
  return [needs(r8, AddressKind.SERVICE, 'from a server'), findPlace(maps.services, HEADER, DST, DST_PORT, 'ours')]
}
/** Steps 7 and 8. r9 = the kinds of the source. */
function fromServer(maps: FrontMaps): Code {
  return [
    'from a server',
    needs(r8, AddressKind.KERNEL, 'by its source'),
    needsHostPlace(maps, HEADER, DST, DST_PORT, 'theirs'),
    'by its source',
    ownKindsOf(r9, maps, HEADER + SRC, 'source'),
    needs(r9, AddressKind.SERVER, 'theirs'),
    findPlace(maps.servers, HEADER, SRC, SRC_PORT, 'ours'),
    jump('theirs'),
  ]
}

/** Of step 3: a header that is the last, or nearly the last, that there is of the frame. */
export const cutOff: Code = [
  'header alone',
  read(HEADER, HEADER_LEN, 'leave'),
  mov(r9, 0),
  jump('has a header'),
  'nothing behind',
  mov(r9, 0),
  jump('has a form'),
]

/** Step 5. r9 = the kinds of the quoted source, then of the quoted destination. */
export function icmpError(maps: FrontMaps): Code {
  return [
    'icmp',
    load8(r1, fp, HEADER + BEHIND), // r1 = the type
    jumpIf(r1, '>', HIGHEST_ERROR, 'theirs'),
    mov(r2, RELATED_ERRORS),
    shiftRight(r2, r1),
    needs(r2, 1, 'theirs'), // no error that counts
    add(r7, ICMP_LEN),
    read(QUOTED, HEADER_LEN + BEHIND_LEN, 'cut quote'),
    behind(QUOTED, 'quoted header', 'theirs', 'cut quote'),
    load16(r1, fp, QUOTED + FRAGMENT),
    and(r1, OFFSET),
    jumpIf(r1, '!=', 0, 'theirs'),
    kindsOf(r9, maps, QUOTED + SRC, 'quoted source'),
    jumpIf(r9, '&', WHOLLY, 'ours'),
    needs(r9, AddressKind.SERVICE, 'about a server'),
    findPlace(maps.services, QUOTED, SRC, SRC_PORT, 'ours'),
    'about a server',
    ownKindsOf(r9, maps, QUOTED + DST, 'quoted destination'),
    needs(r9, AddressKind.TUNNEL, 'by no tunnel'),
    needs(r8, AddressKind.KERNEL, 'by no tunnel'), // the host's are the outer sources
    load8(r1, fp, QUOTED + PROTOCOL),
    [IpProtocol.IPIP, IpProtocol.GRE, IpProtocol.UDP].map(protocol => jumpIf(r1, '==', protocol, 'ours')),
    'by no tunnel',
    needs(r8, AddressKind.KERNEL, 'about a packet of uvs'),
    needsHostPlace(maps, QUOTED, SRC, SRC_PORT, 'theirs'), // about the host's own traffic
    'about a packet of uvs',
    needs(r9, AddressKind.SERVER, 'to no server'),
    findPlace(maps.servers, QUOTED, DST, DST_PORT, 'ours'),
    'to no server',
    kindsOf(r9, maps, QUOTED + DST, 'where it went'), // as it came: by direct routing, out of a tunnel
    jumpIf(r9, '&', WHOLLY, 'ours'),
    needs(r9, AddressKind.SERVICE, 'theirs'),
    findPlace(maps.services, QUOTED, DST, DST_PORT, 'ours'),
    jump('theirs'),
  ]
}

/** The one step of the exclusive program. */
function notOfTheKernel(maps: FrontMaps): Code {
  const HELD = AddressKind.OWN | AddressKind.MARKED | AddressKind.SERVICE
  return [
    add(r7, DST),
    read(HEADER + DST, ADDRESS_LEN, 'take'),
    ownKindsOf(r8, maps, HEADER + DST, 'destination'),
    needs(r8, AddressKind.KERNEL, 'take'),
    kindsOf(r8, maps, HEADER + DST, 'its block'),
    jumpIf(r8, '&', HELD, 'take'),
    jump('leave'),
  ]
}

/** A frame that is taken keeps its octets: it is marked, and for another host as the kernel sees it. */
export const marked: Code = [
  mov(r1, Mark.TAKEN), // before Linux 6.4 no constant may be stored there
  store32(r6, Skb.MARK, r1), // skb->mark
  mov(r1, r6),
  mov(r2, PacketType.OTHERHOST),
  call(Helper.SKB_CHANGE_TYPE), // bpf_skb_change_type(skb, PACKET_OTHERHOST)
  jump('leave'),
]
export const left: Code = [
  'leave',
  mov(r0, NEXT),
  exit(),
  'returned',
  mov(r1, 0),
  store32(r6, Skb.MARK, r1),
  jump('leave'),
]

/** At an interface's egress: what uvs gives back comes in by the interface once more; all else leaves. */
export function giveBackProgram(): BigUint64Array {
  return assemble([
    load32(r2, r1, Skb.MARK),
    jumpIf(r2, '==', Mark.RETURNED, 'returned'),
    mov(r0, NEXT),
    exit(),
    'returned',
    load32(r1, r1, Skb.IFINDEX),
    mov(r2, BPF_F_INGRESS),
    call(Helper.REDIRECT), // bpf_redirect(skb->ifindex, BPF_F_INGRESS)
    exit(),
  ])
}
