import { payloadOf } from '../../support/frames.js'
import type { Dice } from './dice.js'
import { wholeFrame } from './live-frames.js'
import type { PieceStep, WholeStep } from './scenario.js'

const MOST_PIECES = 45
const LONGEST_PIECE = 1440
const SERVER = { address: '10.99.2.11', port: 80 }
const LONG = [100, 500, 1400, 1480, 1481, 2000, 2960, 3000, 4000, 6000]
const VERY_LONG = [20_000, 40_000, 60_000, 65_400]
/** The checksum of SCTP takes its time. */
const LONGEST_SCTP = 8000

interface Piece {
  at: number
  len: number
}

/** A packet, mostly a long one, in pieces; not always all of it, and not always only once. */
export function drawPieces(dice: Dice, packet: WholeStep, id: number, mayBeVeryLong: boolean): PieceStep[] {
  const of = longer(dice, packet, mayBeVeryLong)
  const total = payloadOf(wholeFrame(of, SERVER)).length
  const pieces = ordered(dice, cut(dice, total))
  if (dice.chance(25)) spoil(dice, pieces, total)
  const { df, tos } = drawHeaders(dice, of, pieces)
  return pieces.map((piece, n) => ({
    kind: 'piece',
    of,
    id,
    ...piece,
    more: piece.at + piece.len < total,
    df: df(n),
    tos: tos(),
  }))
}

function longer(dice: Dice, step: WholeStep, mayBeVeryLong: boolean): WholeStep {
  if (step.kind === 'error') return { ...step, embeddedLen: dice.pick([28, 100, 528, 1400]) }
  const len = mayBeVeryLong && dice.chance(6) ? dice.pick(VERY_LONG) : dice.pick(LONG)
  if (step.kind === 'echo') return { ...step, payloadLen: len }
  const payloadLen = step.flow.protocol === 'sctp' ? Math.min(len, LONGEST_SCTP) : len
  return { ...step, shape: { ...step.shape, payloadLen } }
}

function cut(dice: Dice, total: number): Piece[] {
  const least = Math.max(8, Math.ceil(total / MOST_PIECES / 8) * 8)
  const sizes = [8, 16, 24, 64, 400, 512, 1000, 1400, 1440].filter(size => size >= least)
  const isEqual = dice.chance(55)
  const size = dice.pick(isEqual ? sizes : [0])
  const pieces: Piece[] = []
  for (let at = 0; at < total;) {
    const len = Math.min(isEqual ? size : dice.pick(sizes), total - at)
    pieces.push({ at, len })
    at += len
  }
  return pieces
}

function ordered(dice: Dice, pieces: Piece[]): Piece[] {
  const order = dice.pick(['as they are', 'as they are', 'reversed', 'shuffled', 'shuffled'])
  if (order === 'as they are') return pieces
  if (order === 'reversed') return pieces.toReversed()
  const left = [...pieces]
  return pieces.map(() => left.splice(dice.below(left.length), 1)[0]!)
}

/** Something missing, something twice, something that is there already in part, or something that cannot be. */
function spoil(dice: Dice, pieces: Piece[], total: number): void {
  const which = dice.below(pieces.length)
  const piece = pieces[which]!
  const { at, len } = piece
  const where = dice.between(0, pieces.length)
  const other = (changes: Partial<Piece>) => pieces.splice(where, 0, { ...piece, ...changes })
  const spoilers = [
    () => pieces.splice(which, 1),
    () => other({}),
    () => other({}),
    () => other({ len: Math.min(LONGEST_PIECE, len + 8) }),
    () => other({ at: Math.max(0, at - 8) }),
    () => other({ at: at + 8 }),
    () => other({ len: Math.max(1, len >>> 1) }),
    () => other({ at: at + Math.floor(len / 16) * 8, len: Math.max(1, len >>> 1) }),
    () => (piece.len = Math.max(1, len - 3)),
    () => other({ at: Math.ceil(total / 8) * 8 + 8, len: 40 }),
    () => other({ at: 65_512, len: 40 }),
    () => other({ len: 0 }),
  ]
  dice.pick(spoilers)()
}

/** DF and TOS of each piece. */
function drawHeaders(dice: Dice, of: WholeStep, pieces: Piece[]): { df: (n: number) => boolean; tos: () => number } {
  const largest = Math.max(...pieces.map(({ len }) => len))
  const tos = of.kind === 'packet' ? of.shape.tos : of.tos
  const isMixed = dice.chance(15)
  const df = dice.weighted<(n: number) => boolean>([
    [70, () => false],
    [12, () => true],
    [6, () => dice.chance(50)],
    [6, n => pieces[n]!.len === largest],
    [6, n => pieces[n]!.len !== largest],
  ])
  return { df, tos: () => (isMixed && dice.chance(40) ? (tos & ~3) | dice.pick([0, 1, 2, 3, 0x44]) : tos) }
}
