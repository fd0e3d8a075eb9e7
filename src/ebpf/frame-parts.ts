/*
 * What programs that read frames are made of. r6 is the frame, r7 where to read.
 */
import {
  add,
  and,
  call,
  fp,
  Helper,
  jumpIf,
  load16,
  load32,
  load8,
  loadMap,
  mov,
  r0,
  r1,
  r2,
  r3,
  r4,
  r6,
  r7,
  shiftLeft,
  store64,
  type Code,
  type Register,
} from './instructions.js'

// Of an IPv4 header.
const ID = 4
export const [FRAGMENT, PROTOCOL, SRC, DST] = [6, 9, 12, 16]
export const HEADER_LEN = 20
export const PIECE_KEY_LEN = 12
/** The fragment offset, of the flags-and-offset word as it is read, its octets swapped. */
export const OFFSET = 0xff1f
/** linux/pkt_cls.h, TC_ACT_SHOT: what a program returns of a frame that it drops. */
export const DROP = 2

/** `to` = the address of a place on the stack. */
export function pointTo(to: Register, place: number): Code {
  return [mov(to, fp), add(to, place)]
}
/** r0 = the address of what a map has for the key at a place on the stack, or 0. */
export function lookup(fd: number, key: number): Code {
  return [loadMap(r1, fd), pointTo(r2, key), call(Helper.MAP_LOOKUP_ELEM)]
}
/** The map has for the key at a place on the stack the value at another; if it has no room, nothing. */
export function update(fd: number, key: number, value: number): Code {
  // r4 = 0: whether there is an entry or not
  return [loadMap(r1, fd), pointTo(r2, key), pointTo(r3, value), mov(r4, 0), call(Helper.MAP_UPDATE_ELEM)]
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
/**
 * Puts two words to a place on the stack, a multiple of 8. Like that, whole: with CAP_BPF alone a kernel lets nobody overwrite a
 * part of what has been stored there (Linux 6.1).
 */
export function storePair(place: number, low: Register, high: Register): Code {
  return [shiftLeft(high, 32), add(low, high), store64(fp, place, low)]
}
/**
 * Puts what the pieces of a datagram have in common to a place on the stack, with room for 16 octets, from the IPv4 header at
 * another: 12 octets, addresses, identification and protocol.
 */
export function pieceKey(to: number, header: number): Code {
  return [
    load32(r1, fp, header + SRC),
    load32(r2, fp, header + DST),
    storePair(to, r1, r2),
    load16(r1, fp, header + ID),
    shiftLeft(r1, 16),
    load8(r2, fp, header + PROTOCOL),
    add(r1, r2), // r1 = identification << 16 | protocol
    store64(fp, to + 8, r1),
  ]
}
/** Puts the key of a trie of blocks to a place on the stack: the prefix, all of an address that is at another, and that address. */
export function blockKey(to: number, addr: number): Code {
  return [mov(r1, 32), load32(r2, fp, addr), storePair(to, r1, r2)]
}
