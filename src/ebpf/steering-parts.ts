/*
 * What the steps of steering-program.ts are made of: its maps, its stack, and what several steps do.
 *
 * r6 is the frame, r7 where to read, r9 the rules.
 */
import { blockKey, lookup } from './frame-parts.js'
import { jump, jumpIf, load32, mov, mov32, r0, r1, r8, r9, shiftRight32, xor32, type Code } from './instructions.js'
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
export const PIECE_WORKER = -112
export const IS_FIRST_PIECE = -120
export const SAVED = -128

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
    blockKey(BLOCK_KEY, addr),
    lookup(blocks, BLOCK_KEY),
    jumpIf(r0, '==', 0, `${name}: known`),
    mov(r0, Kind.OWN),
    `${name}: known`,
  ]
}
/** r8 ^= r8 >>> bits. */
export function xorShifted(bits: number): Code {
  return [mov32(r1, r8), shiftRight32(r1, bits), xor32(r8, r1)]
}
