/*
 * worker-choice.ts in eBPF: a socket filter program that answers the number of the worker a frame belongs to. Its steps, and
 * their numbers, are that file's.
 *
 * r6 the frame, r9 the rules, r8 the kinds of the destination, then an address or the answer, r7 where to read.
 */
import { FIRST_LOCAL_PORT } from '../packet/local-port.js'
import { ICMP_LEN } from '../wire/icmp.js'
import { IpProtocol } from '../wire/ipv4.js'
import { GRE_CHECKSUM_LEN, GRE_LEN, GUE_LEN } from '../wire/tunnel.js'
import { UDP_LEN } from '../wire/udp.js'
import { assemble, type Instruction } from './bpf.js'
import { Kind, HIGHEST_STEERED, STEERED_ERRORS } from './worker-choice.js'

/** File descriptors. */
export interface SteeringMaps {
  /** An array of one: struct of four 32-bit words, see `Rule`. */
  readonly rules: number
  /** Address, as on the wire → 32-bit kinds. */
  readonly addresses: number
  /** A trie of blocks of addresses. */
  readonly blocks: number
  /** Source, destination, identification and protocol as on the wire → 32-bit worker. */
  readonly pieces: number
}

/** Where the words of the rules stand, in octets. */
export const Rule = { WORKERS: 0, MASK: 4, SEED: 8, BLOCKS: 12 } as const
export const RULES_LEN = 16

type Lines = (Instruction | string)[]

// Of an instruction-set.rst: 32-bit operations are told by a W.
const [MOV, MOV_X, ADD, ADD_X, AND, LSH, JEQ, JNE, JA, CALL, EXIT] = [
  0xb7, 0xbf, 0x07, 0x0f, 0x57, 0x67, 0x15, 0x55, 0x05, 0x85, 0x95,
]
const [JGT, JGE, JLT, JSET, RSH_X] = [0x25, 0x35, 0xa5, 0x45, 0x7f]
const [ANDW_X, XORW_X, MULW, RSHW, MODW_X, MOVW_X, TO_BE] = [0x5c, 0xac, 0x24, 0x74, 0x9c, 0xbc, 0xdc]
const [LOAD8, LOAD16, LOAD32, LOAD64, STORE32, STORE64_X, STORE32_X, LOAD_IMM64] = [
  0x71, 0x69, 0x61, 0x79, 0x62, 0x7b, 0x63, 0x18,
]
const FP = 10

// Helpers, linux/bpf.h.
const MAP_LOOKUP = 1
const MAP_UPDATE = 2
const SKB_LOAD_BYTES = 26
const PSEUDO_MAP_FD = 1

// Places on the stack.
const HEADER = -24
const QUOTED = -48
const INNER = -72
const FEW = -80
const BLOCK_KEY = -88
const PIECE_KEY = -104
const PIECE_WORKER = -108
const IS_FIRST_PIECE = -112
const SAVED = -120

// Of an IPv4 header.
const [ID, FRAGMENT, PROTOCOL, SRC, DST] = [4, 6, 9, 12, 16]
const HEADER_LEN = 20

const map = (register: number, fd: number): Lines => [
  [LOAD_IMM64, register, PSEUDO_MAP_FD, 0, fd],
  [0, 0, 0, 0, 0],
]
/** r0 = what a map has for the key at a place on the stack, or 0. */
const lookup = (fd: number, key: number): Lines => [
  ...map(1, fd),
  [MOV_X, 2, FP, 0, 0],
  [ADD, 2, 0, 0, key],
  [CALL, 0, 0, 0, MAP_LOOKUP],
]
/** Reads octets of the frame, from r7 on, to a place on the stack; if they are not there, on at `otherwise`. */
const read = (to: number, octets: number, otherwise: string): Lines => [
  [MOV_X, 1, 6, 0, 0],
  [MOV_X, 2, 7, 0, 0],
  [MOV_X, 3, FP, 0, 0],
  [ADD, 3, 0, 0, to],
  [MOV, 4, 0, 0, octets],
  [CALL, 0, 0, 0, SKB_LOAD_BYTES],
  [JNE, 0, 0, otherwise, 0],
]
/** r7 += the length of the IPv4 header at a place on the stack. */
const behind = (header: number): Lines => [
  [LOAD8, 1, FP, header, 0],
  [AND, 1, 0, 0, 15],
  [LSH, 1, 0, 0, 2],
  [ADD_X, 7, 1, 0, 0],
]
/** r0 = the kinds of the address at a place on the stack, or 0. `name`: for labels. */
const kindsOf = ({ addresses, blocks }: SteeringMaps, addr: number, name: string): Lines => [
  ...lookup(addresses, addr),
  [JEQ, 0, 0, `${name}: no single address`, 0],
  [LOAD32, 0, 0, 0, 0],
  [JA, 0, 0, `${name}: known`, 0],
  `${name}: no single address`,
  [LOAD32, 1, 9, Rule.BLOCKS, 0],
  [JEQ, 1, 0, `${name}: known`, 0],
  [LOAD32, 1, FP, addr, 0],
  [STORE32_X, FP, 1, BLOCK_KEY + 4, 0],
  [STORE32, FP, 0, BLOCK_KEY, 32],
  ...lookup(blocks, BLOCK_KEY),
  [JEQ, 0, 0, `${name}: known`, 0],
  [MOV, 0, 0, 0, Kind.OWN],
  `${name}: known`,
]
/** The key of a datagram's pieces on the stack. */
const pieceKey: Lines = [
  [LOAD32, 1, FP, HEADER + SRC, 0],
  [STORE32_X, FP, 1, PIECE_KEY, 0],
  [LOAD32, 1, FP, HEADER + DST, 0],
  [STORE32_X, FP, 1, PIECE_KEY + 4, 0],
  [LOAD16, 1, FP, HEADER + ID, 0],
  [LSH, 1, 0, 0, 16],
  [LOAD8, 2, FP, HEADER + PROTOCOL, 0],
  [ADD_X, 1, 2, 0, 0],
  [STORE32_X, FP, 1, PIECE_KEY + 8, 0],
]

const ETHER_TYPE_LEN = 2
const IPV4_ON_THE_WIRE = 0x0008
/** The IPv4 header on the stack. Behind an Ethernet header it is asked for: who sends by a packet socket may have said otherwise of the frame. */
const readHeader = (ipAt: number): Lines =>
  ipAt === 0
    ? [[MOV, 7, 0, 0, 0], ...read(HEADER, HEADER_LEN, 'nobody')]
    : [
        [MOV, 7, 0, 0, ipAt - ETHER_TYPE_LEN],
        ...read(HEADER - ETHER_TYPE_LEN, ETHER_TYPE_LEN + HEADER_LEN, 'nobody'),
        [LOAD16, 1, FP, HEADER - ETHER_TYPE_LEN, 0],
        [JNE, 1, 0, 'nobody', IPV4_ON_THE_WIRE],
        [MOV, 7, 0, 0, ipAt],
      ]

/** `ipAt`: where the program finds the IPv4 header: 0 in a fanout group of IPv4, 14 behind a TAP device. What is not IPv4 is worker 0’s. */
export function steeringProgram(maps: SteeringMaps, ipAt: number): BigUint64Array {
  return assemble([
    [MOV_X, 6, 1, 0, 0],
    [STORE32, FP, 0, FEW, 0],
    [STORE32, FP, 0, IS_FIRST_PIECE, 0],
    ...lookup(maps.rules, FEW),
    [JEQ, 0, 0, 'nobody', 0],
    [MOV_X, 9, 0, 0, 0],
    ...readHeader(ipAt),
    ...kindsOf(maps, HEADER + DST, 'destination'),
    [JNE, 0, 0, 'to us', 0],
    // 1.
    [LOAD32, 8, FP, HEADER + DST, 0],
    [JA, 0, 0, 'client', 0],
    'to us',
    [MOV_X, 8, 0, 0, 0],
    [LOAD8, 1, FP, HEADER + PROTOCOL, 0],
    [JEQ, 1, 0, 'by more than addresses', IpProtocol.ICMP],
    [JSET, 8, 0, 'by more than addresses', Kind.LOCAL],
    // 2.
    'source',
    [LOAD32, 8, FP, HEADER + SRC, 0],

    'client',
    [TO_BE, 8, 0, 0, 32],
    [LOAD32, 1, 9, Rule.MASK, 0],
    [ANDW_X, 8, 1, 0, 0],
    [LOAD32, 1, 9, Rule.SEED, 0],
    [XORW_X, 8, 1, 0, 0],
    ...xorShifted(16),
    [MULW, 8, 0, 0, 0x85ebca6b],
    ...xorShifted(13),
    [MULW, 8, 0, 0, 0xc2b2ae35],
    ...xorShifted(16),
    'modulo workers',
    [LOAD32, 1, 9, Rule.WORKERS, 0],
    [MODW_X, 8, 1, 0, 0],
    [LOAD32, 1, FP, IS_FIRST_PIECE, 0],
    [JNE, 1, 0, 'remember', 0],
    'answer',
    [MOV_X, 0, 8, 0, 0],
    [EXIT, 0, 0, 0, 0],
    'worker 0',
    [MOV, 8, 0, 0, 0],
    [JA, 0, 0, 'modulo workers', 0],
    'nobody',
    [MOV, 0, 0, 0, 0],
    [EXIT, 0, 0, 0, 0],

    'by more than addresses',
    [LOAD16, 1, FP, HEADER + FRAGMENT, 0],
    [TO_BE, 1, 0, 0, 16],
    [MOV_X, 2, 1, 0, 0],
    [AND, 2, 0, 0, 0x1fff],
    [JEQ, 2, 0, 'has the ports', 0],
    // 5.
    ...pieceKey,
    ...lookup(maps.pieces, PIECE_KEY),
    [JEQ, 0, 0, 'source', 0],
    [LOAD32, 8, 0, 0, 0],
    [JA, 0, 0, 'answer', 0],
    'remember',
    [STORE32_X, FP, 8, PIECE_WORKER, 0],
    ...pieceKey,
    ...map(1, maps.pieces),
    [MOV_X, 2, FP, 0, 0],
    [ADD, 2, 0, 0, PIECE_KEY],
    [MOV_X, 3, FP, 0, 0],
    [ADD, 3, 0, 0, PIECE_WORKER],
    [MOV, 4, 0, 0, 0],
    [CALL, 0, 0, 0, MAP_UPDATE],
    [JA, 0, 0, 'answer', 0],

    'has the ports',
    [AND, 1, 0, 0, 0x2000], // more fragments
    [STORE32_X, FP, 1, IS_FIRST_PIECE, 0],
    ...behind(HEADER),
    [LOAD8, 1, FP, HEADER + PROTOCOL, 0],
    [JEQ, 1, 0, 'icmp', IpProtocol.ICMP],
    // 3.
    ...read(FEW, 4, 'source'),
    [LOAD16, 7, FP, FEW + 2, 0],
    [TO_BE, 7, 0, 0, 16],
    [JLT, 7, 0, 'source', FIRST_LOCAL_PORT],
    'port',
    [MOV_X, 8, 7, 0, 0],
    [JA, 0, 0, 'modulo workers', 0],

    // 4.
    'icmp',
    ...read(FEW, 1, 'source'),
    [LOAD8, 1, FP, FEW, 0],
    [JGT, 1, 0, 'source', HIGHEST_STEERED],
    [MOV, 2, 0, 0, STEERED_ERRORS],
    [RSH_X, 2, 1, 0, 0],
    [AND, 2, 0, 0, 1],
    [JEQ, 2, 0, 'source', 0],
    [ADD, 7, 0, 0, ICMP_LEN],
    ...read(QUOTED, HEADER_LEN, 'source'),
    ...behind(QUOTED),
    [LOAD8, 1, FP, QUOTED + PROTOCOL, 0],
    [JEQ, 1, 0, 'inside', IpProtocol.IPIP],
    [JEQ, 1, 0, 'gre', IpProtocol.GRE],
    [JEQ, 1, 0, 'udp', IpProtocol.UDP],
    'quoted',
    [AND, 8, 0, 0, Kind.LOCAL],
    [JEQ, 8, 0, 'quoted client', 0],
    ...read(FEW, 4, 'quoted client'),
    [LOAD16, 7, FP, FEW, 0],
    [TO_BE, 7, 0, 0, 16],
    [JGE, 7, 0, 'port', FIRST_LOCAL_PORT],
    'quoted client',
    [LOAD32, 8, FP, QUOTED + DST, 0],
    [JA, 0, 0, 'client', 0],

    'gre',
    ...read(FEW, 1, 'worker 0'),
    [ADD, 7, 0, 0, GRE_LEN],
    [LOAD8, 1, FP, FEW, 0],
    [AND, 1, 0, 0, 0x80],
    [JEQ, 1, 0, 'inside', 0],
    [ADD, 7, 0, 0, GRE_CHECKSUM_LEN],
    'inside',
    ...read(INNER, HEADER_LEN, 'worker 0'),
    'inner client',
    [LOAD32, 8, FP, INNER + SRC, 0],
    [JA, 0, 0, 'client', 0],

    'udp',
    [STORE64_X, FP, 7, SAVED, 0],
    [ADD, 7, 0, 0, UDP_LEN],
    ...read(FEW, 2, 'no gue'),
    [LOAD8, 1, FP, FEW, 0],
    [JGT, 1, 0, 'no gue', 31], // version 0, no control message; then five bits of options' length, in words
    [LOAD8, 2, FP, FEW + 1, 0],
    [JNE, 2, 0, 'no gue', IpProtocol.IPIP],
    [LSH, 1, 0, 0, 2],
    [ADD_X, 7, 1, 0, 0],
    [ADD, 7, 0, 0, GUE_LEN],
    ...read(INNER, HEADER_LEN, 'no gue'),
    ...kindsOf(maps, INNER + DST, 'inner destination'),
    [JNE, 0, 0, 'inner client', 0],
    'no gue',
    [LOAD64, 7, FP, SAVED, 0],
    [JA, 0, 0, 'quoted', 0],
  ])
}

/** r8 ^= r8 >>> bits. */
function xorShifted(bits: number): Lines {
  return [
    [MOVW_X, 1, 8, 0, 0],
    [RSHW, 1, 0, 0, bits],
    [XORW_X, 8, 1, 0, 0],
  ]
}
