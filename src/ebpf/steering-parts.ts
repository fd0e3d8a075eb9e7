/*
 * What the steps of steering-program.ts are made of: its maps, its stack, and what several steps do.
 *
 * r6 is the frame, r7 where to read, r9 the rules.
 */
import {
  add,
  and,
  call,
  fp,
  Helper,
  jump,
  jumpIf,
  load16,
  load32,
  load8,
  loadMap,
  mov,
  mov32,
  r0,
  r1,
  r2,
  r3,
  r4,
  r6,
  r7,
  r8,
  r9,
  shiftLeft,
  shiftRight32,
  store32,
  xor32,
  type Code,
  type Register,
} from './instructions.js'
import { Kind } from './worker-choice.js'

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

// Places on the stack.
export const HEADER = -24
export const QUOTED = -48
export const INNER = -72
export const FEW = -80
export const BLOCK_KEY = -88
export const PIECE_KEY = -104
export const PIECE_WORKER = -108
export const IS_FIRST_PIECE = -112
export const SAVED = -120

// Of an IPv4 header.
export const [ID, FRAGMENT, PROTOCOL, SRC, DST] = [4, 6, 9, 12, 16]
export const HEADER_LEN = 20

/** `to` = the address of a place on the stack. */
export function pointTo(to: Register, place: number): Code {
  return [mov(to, fp), add(to, place)]
}
/** r0 = the address of what a map has for the key at a place on the stack, or 0. */
export function lookup(fd: number, key: number): Code {
  return [loadMap(r1, fd), pointTo(r2, key), call(Helper.MAP_LOOKUP_ELEM)]
}
/** Reads octets of the frame, from r7 on, to a place on the stack; if they are not there, on at `otherwise`. */
export function read(to: number, octets: number, otherwise: string): Code {
  return [
    mov(r1, r6),
    mov(r2, r7),
    pointTo(r3, to),
    mov(r4, octets),
    call(Helper.SKB_LOAD_BYTES),
    jumpIf(r0, '!=', 0, otherwise),
  ]
}
/** r7 += the length of the IPv4 header at a place on the stack. */
export function skipHeader(header: number): Code {
  return [
    load8(r1, fp, header), // version and IHL
    and(r1, 15),
    shiftLeft(r1, 2), // r1 = octets
    add(r7, r1),
  ]
}
/** r0 = the kinds of the address at a place on the stack, or 0. `name`: for labels. */
export function kindsOf({ addresses, blocks }: SteeringMaps, addr: number, name: string): Code {
  return [
    lookup(addresses, addr),
    jumpIf(r0, '==', 0, `${name}: no single address`),
    load32(r0, r0, 0), // r0 = its kinds
    jump(`${name}: known`),
    `${name}: no single address`,
    load32(r1, r9, Rule.BLOCKS),
    jumpIf(r1, '==', 0, `${name}: known`), // there are no blocks, and r0 is 0
    load32(r1, fp, addr),
    store32(fp, BLOCK_KEY + 4, r1),
    store32(fp, BLOCK_KEY, 32), // the prefix: all of the address
    lookup(blocks, BLOCK_KEY),
    jumpIf(r0, '==', 0, `${name}: known`),
    mov(r0, Kind.OWN),
    `${name}: known`,
  ]
}
/** The key of a datagram's pieces on the stack: addresses, identification and protocol. */
export const pieceKey: Code = [
  load32(r1, fp, HEADER + SRC),
  store32(fp, PIECE_KEY, r1),
  load32(r1, fp, HEADER + DST),
  store32(fp, PIECE_KEY + 4, r1),
  load16(r1, fp, HEADER + ID),
  shiftLeft(r1, 16),
  load8(r2, fp, HEADER + PROTOCOL),
  add(r1, r2), // r1 = identification << 16 | protocol
  store32(fp, PIECE_KEY + 8, r1),
]
/** r8 ^= r8 >>> bits. */
export function xorShifted(bits: number): Code {
  return [mov32(r1, r8), shiftRight32(r1, bits), xor32(r8, r1)]
}
