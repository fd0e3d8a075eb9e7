/*
 * The steps of front-program.ts for datagrams in pieces. Beside what it holds in registers: r8 the kinds of the destination.
 */
import { AddressKind } from '../packet/front.js'
import { FRAGMENT, lookup, pieceKey, pointTo, SRC, update } from './frame-parts.js'
import { HEADER, needs, ownKindsOf, PIECE_KEY, WORD_AT, type FrontMaps } from './front-parts.js'
import {
  call,
  fp,
  Helper,
  jump,
  jumpIf,
  load16,
  load32,
  loadMap,
  r0,
  r1,
  r2,
  r8,
  r9,
  store32,
  type Code,
} from './instructions.js'

/** What the map of pieces says of a datagram. */
const Piece = { TAKEN: 1, LEFT: 2 } as const

/** Of the flags-and-offset word as it is read, its octets swapped. */
const MF = 0x0020

/** Step 4: a piece without ports is where the first one, which has them, went. */
export function laterPiece(maps: FrontMaps): Code {
  return [
    'later piece',
    pieceKey(PIECE_KEY, HEADER),
    lookup(maps.pieces, PIECE_KEY),
    jumpIf(r0, '==', 0, 'before the first'),
    load32(r1, r0, 0),
    jumpIf(r1, '==', Piece.TAKEN, 'take'),
    jump('leave'),
    'before the first',
    mayBeBalanced(maps, 'leave', 'a piece'),
    jump('take the pieces'),
  ]
}
/**
 * What has been decided of a frame holds for the pieces that follow it, whatever was said of an older datagram of that number; but
 * if pieces have been taken before it, it is taken too. An error's first piece may end before it says what it quotes: it is taken if it
 * may be balanced.
 */
export function firstPiece(maps: FrontMaps): Code {
  return [
    'cut quote',
    needsMore('theirs'),
    mayBeBalanced(maps, 'theirs', 'the cut'),
    'ours',
    needsMore('take'),
    pieceKey(PIECE_KEY, HEADER),
    'take the pieces',
    store32(fp, WORD_AT, Piece.TAKEN),
    update(maps.pieces, PIECE_KEY, WORD_AT),
    jump('take'),
    'theirs',
    needsMore('leave'),
    pieceKey(PIECE_KEY, HEADER),
    mayBeBalanced(maps, 'forget', 'the first'),
    lookup(maps.pieces, PIECE_KEY),
    jumpIf(r0, '==', 0, 'leave the pieces'),
    load32(r1, r0, 0),
    jumpIf(r1, '==', Piece.TAKEN, 'take'),
    'leave the pieces',
    store32(fp, WORD_AT, Piece.LEFT),
    update(maps.pieces, PIECE_KEY, WORD_AT),
    jump('leave'),
    'forget',
    loadMap(r1, maps.pieces),
    pointTo(r2, PIECE_KEY),
    call(Helper.MAP_DELETE_ELEM),
    jump('leave'),
  ]
}
/** On at `otherwise` unless the datagram would be balanced with the right ports. r9 = the kinds of the source. `name`: for labels. */
function mayBeBalanced(maps: FrontMaps, otherwise: string, name: string): Code {
  return [
    jumpIf(r8, '&', AddressKind.SERVICE, `${name}: may be`),
    jumpIf(r8, '&', AddressKind.KERNEL, otherwise),
    ownKindsOf(r9, maps, HEADER + SRC, `${name}: source`),
    needs(r9, AddressKind.SERVER, otherwise),
    `${name}: may be`,
  ]
}
/** On at `otherwise` unless more pieces follow. */
function needsMore(otherwise: string): Code {
  return [load16(r2, fp, HEADER + FRAGMENT), needs(r2, MF, otherwise)]
}
