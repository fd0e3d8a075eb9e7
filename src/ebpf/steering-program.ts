/*
 * worker-choice.ts in eBPF: a socket filter program that returns the number of the worker a frame belongs to. Its steps, and
 * their numbers, are that file's.
 *
 * r6 the frame, r9 the rules, r8 the kinds of the destination, then the client's address or the port, then the worker, r7
 * where to read.
 */
import { FIRST_LOCAL_PORT } from '../packet/local-port.js'
import { GRE_CHECKSUM_LEN, GRE_LEN, GreFlag } from '../wire/gre.js'
import { GUE_HLEN, GUE_LEN } from '../wire/gue.js'
import { ICMP_LEN } from '../wire/icmp.js'
import { IpProtocol } from '../wire/ipv4.js'
import { UDP_LEN } from '../wire/udp.js'
import { DST, FRAGMENT, HEADER_LEN, lookup, pieceKey, PROTOCOL, read, skipHeader, SRC, update } from './frame-parts.js'
import {
  add,
  and,
  and32,
  assemble,
  exit,
  fp,
  fromNetwork,
  jump,
  jumpIf,
  load16,
  load32,
  load64,
  load8,
  mod32,
  mov,
  mul32,
  r0,
  r1,
  r2,
  r6,
  r7,
  r8,
  r9,
  shiftLeft,
  shiftRight,
  store32,
  store64,
  xor32,
  type Code,
} from './instructions.js'
import {
  type SteeringMaps,
  Rule,
  HEADER,
  QUOTED,
  INNER,
  FEW,
  PIECE_KEY,
  PIECE_WORKER,
  IS_FIRST_PIECE,
  SAVED,
  kindsOf,
  xorShifted,
} from './steering-parts.js'
import { Kind, HIGHEST_STEERED, STEERED_ERRORS } from './worker-choice.js'

const ETHER_TYPE_LEN = 2
const IPV4_ON_THE_WIRE = 0x0008

/** `ipAt`: where the program finds the IPv4 header: 0 in a fanout group of IPv4, 14 behind a TAP device. What is not IPv4 is worker 0’s. */
export function steeringProgram(maps: SteeringMaps, ipAt: number): BigUint64Array {
  return assemble([
    begin(maps),
    readHeader(ipAt),
    byAddresses(maps),
    byClient,
    done,
    byPiece(maps),
    byPort,
    byIcmpError,
    byTunnel,
    byUdpTunnel(maps),
  ])
}

/** The frame, the rules, and a stack that says nothing yet. */
function begin(maps: SteeringMaps): Code {
  return [
    mov(r6, r1), // r6 = skb
    store32(fp, FEW, 0),
    store64(fp, IS_FIRST_PIECE, 0),
    lookup(maps.rules, FEW),
    jumpIf(r0, '==', 0, 'not steered'),
    mov(r9, r0), // r9 = &rules
  ]
}

/** Puts the IPv4 header on the stack. Behind an Ethernet header the EtherType is checked: the sender of a frame by a packet socket may have told the kernel another one. */
function readHeader(ipAt: number): Code {
  if (ipAt === 0) return [mov(r7, 0), read(HEADER, HEADER_LEN, 'not steered')]
  return [
    mov(r7, ipAt - ETHER_TYPE_LEN),
    read(HEADER - ETHER_TYPE_LEN, ETHER_TYPE_LEN + HEADER_LEN, 'not steered'),
    load16(r1, fp, HEADER - ETHER_TYPE_LEN), // r1 = the EtherType
    jumpIf(r1, '!=', IPV4_ON_THE_WIRE, 'not steered'),
    mov(r7, ipAt),
  ]
}

/** Steps 1 and 2, and whether addresses alone say it. */
function byAddresses(maps: SteeringMaps): Code {
  return [
    kindsOf(maps, HEADER + DST, 'destination'),
    jumpIf(r0, '!=', 0, 'to us'),
    // 1.
    load32(r8, fp, HEADER + DST), // the client is the destination
    jump('client'),
    'to us',
    mov(r8, r0), // r8 = the destination's kinds
    load8(r1, fp, HEADER + PROTOCOL),
    jumpIf(r1, '==', IpProtocol.ICMP, 'by more than addresses'),
    jumpIf(r8, '&', Kind.LOCAL, 'by more than addresses'),
    // 2.
    'source',
    load32(r8, fp, HEADER + SRC), // the client is the source
  ]
}

/** The worker of the client r8, or of the number r8. */
const byClient: Code = [
  'client',
  fromNetwork(r8, 32),
  load32(r1, r9, Rule.MASK),
  and32(r8, r1), // r8 &= the rules' mask
  load32(r1, r9, Rule.SEED),
  xor32(r8, r1), // r8 ^= the rules' seed
  xorShifted(16),
  mul32(r8, 0x85ebca6b),
  xorShifted(13),
  mul32(r8, 0xc2b2ae35),
  xorShifted(16),
  'modulo workers',
  load32(r1, r9, Rule.WORKERS),
  mod32(r8, r1), // r8 = the worker
  load64(r1, fp, IS_FIRST_PIECE),
  jumpIf(r1, '!=', 0, 'remember'),
]

const done: Code = [
  'return the worker',
  mov(r0, r8),
  exit(),
  'worker 0',
  mov(r8, 0),
  jump('modulo workers'), // where a first piece is remembered
  'not steered',
  mov(r0, 0),
  exit(),
]

/** Step 5: where a datagram's first piece went. */
function byPiece(maps: SteeringMaps): Code {
  return [
    'by more than addresses',
    load16(r1, fp, HEADER + FRAGMENT),
    fromNetwork(r1, 16), // r1 = flags and fragment offset
    mov(r2, r1),
    and(r2, 0x1fff), // r2 = fragment offset
    jumpIf(r2, '==', 0, 'has the ports'),
    pieceKey(PIECE_KEY, HEADER),
    lookup(maps.pieces, PIECE_KEY),
    jumpIf(r0, '==', 0, 'source'), // its first piece was not seen
    load32(r8, r0, 0), // r8 = the first piece's worker
    jump('return the worker'),

    'remember',
    store64(fp, PIECE_WORKER, r8),
    pieceKey(PIECE_KEY, HEADER),
    update(maps.pieces, PIECE_KEY, PIECE_WORKER),
    jump('return the worker'),
  ]
}

/** Step 3: a packet to a local address of FULLNAT, by its destination port. */
const byPort: Code = [
  'has the ports',
  and(r1, 0x2000), // more fragments
  store64(fp, IS_FIRST_PIECE, r1),
  skipHeader(HEADER),
  load8(r1, fp, HEADER + PROTOCOL),
  jumpIf(r1, '==', IpProtocol.ICMP, 'icmp'),
  read(FEW, 4, 'source'),
  load16(r7, fp, FEW + 2),
  fromNetwork(r7, 16), // r7 = the destination port
  jumpIf(r7, '<', FIRST_LOCAL_PORT, 'source'),
  'port',
  mov(r8, r7),
  jump('modulo workers'),
]

/** Step 4: by the packet that an ICMP error quotes. */
const byIcmpError: Code = [
  'icmp',
  read(FEW, 1, 'source'),
  load8(r1, fp, FEW), // r1 = the ICMP type
  jumpIf(r1, '>', HIGHEST_STEERED, 'source'),
  mov(r2, STEERED_ERRORS),
  shiftRight(r2, r1),
  and(r2, 1), // r2 = whether it is an error that counts
  jumpIf(r2, '==', 0, 'source'),
  add(r7, ICMP_LEN),
  read(QUOTED, HEADER_LEN, 'source'),
  skipHeader(QUOTED),
  load8(r1, fp, QUOTED + PROTOCOL),
  jumpIf(r1, '==', IpProtocol.IPIP, 'inside'),
  jumpIf(r1, '==', IpProtocol.GRE, 'gre'),
  jumpIf(r1, '==', IpProtocol.UDP, 'udp'),
  'quoted',
  and(r8, Kind.LOCAL), // r8 = whether the destination is a local address
  jumpIf(r8, '==', 0, 'quoted client'),
  read(FEW, 4, 'quoted client'),
  load16(r7, fp, FEW),
  fromNetwork(r7, 16), // r7 = the quoted source port
  jumpIf(r7, '>=', FIRST_LOCAL_PORT, 'port'),
  'quoted client',
  load32(r8, fp, QUOTED + DST), // the client is the quoted destination
  jump('client'),
]

/** Of step 4: the error is about GRE or IPIP to a real server. */
const byTunnel: Code = [
  'gre',
  read(FEW, 1, 'worker 0'),
  add(r7, GRE_LEN),
  load8(r1, fp, FEW),
  and(r1, GreFlag.CHECKSUM >>> 8), // whether there is a checksum
  jumpIf(r1, '==', 0, 'inside'),
  add(r7, GRE_CHECKSUM_LEN),
  'inside',
  read(INNER, HEADER_LEN, 'worker 0'),
  'inner client',
  load32(r8, fp, INNER + SRC), // the client is the inner source
  jump('client'),
]

/** Of step 4: the error is about UDP, which may be GUE to a real server. */
function byUdpTunnel(maps: SteeringMaps): Code {
  return [
    'udp',
    store64(fp, SAVED, r7),
    add(r7, UDP_LEN),
    read(FEW, 2, 'no gue'),
    load8(r1, fp, FEW),
    jumpIf(r1, '>', GUE_HLEN, 'no gue'), // another version, or a control message
    load8(r2, fp, FEW + 1), // r2 = the protocol inside
    jumpIf(r2, '!=', IpProtocol.IPIP, 'no gue'),
    shiftLeft(r1, 2), // r1 = octets of options
    add(r7, r1),
    add(r7, GUE_LEN),
    read(INNER, HEADER_LEN, 'no gue'),
    kindsOf(maps, INNER + DST, 'inner destination'),
    jumpIf(r0, '!=', 0, 'inner client'),
    'no gue',
    load64(r7, fp, SAVED),
    jump('quoted'),
  ]
}
