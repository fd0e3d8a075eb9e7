/*
 * The front at the loopback interface: what programs of this host send to a virtual service is taken, all else is the kernel's. Where
 * such a program is stands in a map, by which the fronts at other interfaces know real servers' answers to it (front-program.ts).
 *
 * 1. was given back by uvs; no IPv4                                    → left
 * 2. no IPv4 header                                                    → left
 * 3. an ICMP error: by the packet that it quotes
 * 4. to an address that is wholly uvs's, or to a virtual service       → taken
 * 5. all else                                                          → left
 *
 * Registers as in front-program.ts.
 */
import { AddressKind } from '../packet/front.js'
import { DST, lookup, SRC, update } from './frame-parts.js'
import {
  DST_PORT,
  findPlace,
  HEADER,
  isPlaceIn,
  kindsOf,
  needs,
  PLACE,
  putPlace,
  SRC_PORT,
  WHOLLY,
  WORD_AT,
  type FrontMaps,
} from './front-parts.js'
import { firstPiece, laterPiece } from './front-pieces.js'
import { cutOff, form, icmpError, left, marked, ofIpv4, readHeader } from './front-program.js'
import { assemble, fp, jump, jumpIf, mov, r0, r1, r8, store32, type Code } from './instructions.js'

/** A program of SCHED_CLS. */
export function loopbackProgram(maps: FrontMaps): BigUint64Array {
  return assemble([
    [ofIpv4, readHeader, kindsOf(r8, maps, HEADER + DST, 'destination'), form],
    [jumpIf(r8, '&', WHOLLY, 'client'), needs(r8, AddressKind.SERVICE, 'theirs')],
    [findPlace(maps.services, HEADER, DST, DST_PORT, 'client'), jump('theirs')],
    [remember(maps), cutOff, laterPiece(maps), icmpError(maps)],
    [firstPiece(maps), 'take', marked, left],
  ])
}

/** The packet is taken, and answers to its sender will be. */
function remember({ hostPlaces, hasHostPlaces }: FrontMaps): Code {
  return [
    'client',
    isPlaceIn(hostPlaces, HEADER, SRC, SRC_PORT),
    jumpIf(r0, '!=', 0, 'ours'),
    putPlace(HEADER, SRC, SRC_PORT),
    store32(fp, WORD_AT, 1),
    update(hostPlaces, PLACE, WORD_AT),
    store32(fp, WORD_AT, 0),
    lookup(hasHostPlaces, WORD_AT),
    jumpIf(r0, '==', 0, 'ours'),
    mov(r1, 1),
    store32(r0, 0, r1),
    jump('ours'),
  ]
}
