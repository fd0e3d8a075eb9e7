/*
 * What the steps of front-program.ts are made of: its maps, its stack, and what several steps do.
 *
 * r6 the frame, r7 where to read.
 */
import { AddressKind } from '../packet/front.js'
import { IPV4_MIN_LEN, PLAIN_IPV4 } from '../wire/ipv4.js'
import { blockKey, HEADER_LEN, lookup, PROTOCOL, read, storePair } from './frame-parts.js'
import {
  add,
  and,
  fp,
  jump,
  jumpIf,
  load16,
  load32,
  load8,
  mov,
  r0,
  r1,
  r2,
  r3,
  r7,
  shiftLeft,
  shiftRight,
  store32,
  type Code,
  type Register,
} from './instructions.js'

/** File descriptors. */
export interface FrontMaps {
  /** Address, as on the wire → 32-bit kinds. */
  readonly addresses: number
  /** A trie of blocks of addresses → 32-bit kinds. */
  readonly blocks: number
  /** An array of one: the 32-bit number of blocks. */
  readonly blockCount: number
  /** Where virtual services stand: address, port, protocol, an octet 0, as on the wire → a word, and the service's budget (syn-budget.ts). */
  readonly services: number
  /** Where real servers of masquerading services stand: the same. */
  readonly servers: number
  /** Where programs of this host are that have sent to a virtual service: the same. */
  readonly hostPlaces: number
  /** An array of one: whether there has been one, a word. */
  readonly hasHostPlaces: number
  /** What the pieces of a datagram have in common → a word, whether they are taken. */
  readonly pieces: number
  /** An array of networks' budgets. */
  readonly networks: number
  /** An array of one: the 64-bit number of SYNs over budget. */
  readonly refused: number
}
export const PLACE_LEN = 8

// Places on the stack. Behind each IPv4 header stand the first octets that follow it: the ports, or ICMP's type.
export const HEADER = -24
export const QUOTED = -48
export const PLACE = -56
const BLOCK_KEY = -64
export const PIECE_KEY = -80
export const WORD_AT = -88
/** Where that stands which follows a header, and the ports in it. */
export const BEHIND = HEADER_LEN
export const [SRC_PORT, DST_PORT] = [BEHIND, BEHIND + 2]
export const BEHIND_LEN = 4

/** Every packet to such an address is taken. */
export const WHOLLY = AddressKind.OWN | AddressKind.MARKED

/**
 * Of a header that was read from r7 on, with what follows it were it without options: r7 = where that is which follows, and it
 * is at its place. On at `malformed` if it is no header, at `alone` if the frame ends there. `name`: for labels.
 */
export function behind(header: number, name: string, malformed: string, alone: string): Code {
  return [
    load8(r1, fp, header), // r1 = version and IHL
    jumpIf(r1, '!=', PLAIN_IPV4, `${name}: with options`),
    add(r7, IPV4_MIN_LEN),
    jump(`${name}: and what follows`),
    `${name}: with options`,
    mov(r2, r1),
    shiftRight(r2, 4),
    jumpIf(r2, '!=', 4, malformed),
    and(r1, 15),
    shiftLeft(r1, 2), // r1 = octets of the header
    jumpIf(r1, '<', IPV4_MIN_LEN, malformed),
    add(r7, r1),
    read(header + BEHIND, BEHIND_LEN, alone),
    `${name}: and what follows`,
  ]
}

/** `to` = the kinds of the address at a place on the stack, or of its block if that has it taken; r0 to r5 hold nothing. `name`: for labels. */
export function kindsOf(to: Register, maps: FrontMaps, addr: number, name: string): Code {
  return [
    ownKindsOf(to, maps, addr, `${name}: alone`),
    jumpIf(to, '&', WHOLLY, `${name}: known`),
    store32(fp, WORD_AT, 0),
    lookup(maps.blockCount, WORD_AT),
    jumpIf(r0, '==', 0, `${name}: known`),
    load32(r1, r0, 0),
    jumpIf(r1, '==', 0, `${name}: known`), // there are no blocks
    blockKey(BLOCK_KEY, addr),
    lookup(maps.blocks, BLOCK_KEY),
    jumpIf(r0, '==', 0, `${name}: known`),
    load32(to, r0, 0), // all of a block is taken, whatever else its addresses are
    `${name}: known`,
  ]
}
/** The same without its block. */
export function ownKindsOf(to: Register, { addresses }: FrontMaps, addr: number, name: string): Code {
  return [
    mov(to, 0),
    lookup(addresses, addr),
    jumpIf(r0, '==', 0, `${name}: known`),
    load32(to, r0, 0),
    `${name}: known`,
  ]
}

/** On at `found` if a map has the place of an address and a port, from a header on the stack, or the address with port 0. */
export function findPlace(map: number, header: number, addr: number, port: number, found: string): Code {
  return [
    isPlaceIn(map, header, addr, port),
    jumpIf(r0, '!=', 0, found),
    putPlace(header, addr),
    lookup(map, PLACE),
    jumpIf(r0, '!=', 0, found),
  ]
}
/** r0 = the address of what a map has for the place of an address and a port, or 0. */
export function isPlaceIn(map: number, header: number, addr: number, port: number): Code {
  return [putPlace(header, addr, port), lookup(map, PLACE)]
}
/** Puts the place of an address and a port, or of port 0, on the stack. */
export function putPlace(header: number, addr: number, port?: number): Code {
  return [
    load8(r2, fp, header + PROTOCOL),
    shiftLeft(r2, 16),
    port === undefined ? [] : [load16(r3, fp, header + port), add(r2, r3)],
    load32(r1, fp, header + addr),
    storePair(PLACE, r1, r2),
  ]
}
/** On at `otherwise` unless a program of this host is at the place of an address and a port, and has sent to a virtual service. */
export function needsHostPlace(
  { hostPlaces, hasHostPlaces }: FrontMaps,
  header: number,
  addr: number,
  port: number,
  otherwise: string,
): Code {
  return [
    store32(fp, WORD_AT, 0),
    lookup(hasHostPlaces, WORD_AT),
    jumpIf(r0, '==', 0, otherwise),
    load32(r1, r0, 0),
    jumpIf(r1, '==', 0, otherwise), // nothing more for the host's own packets while there is none
    isPlaceIn(hostPlaces, header, addr, port),
    jumpIf(r0, '==', 0, otherwise),
  ]
}

/** On at `otherwise` unless the register has one of these bits. */
export function needs(register: Register, bits: number, otherwise: string): Code {
  return [mov(r1, register), and(r1, bits), jumpIf(r1, '==', 0, otherwise)]
}
