import { VERDICTS, type Verdict } from './verdict.js'

/*
 * A frame whose verdict is HELD meets its fate later: it leaves, it is joined with other pieces, or it is given up. What is held or
 * given up is not always a frame that came in: a copy of an answer of our own, a second piece of the same frame, a datagram of several
 * frames. So both are counted: how often a verdict was counted later, and how many frames that came in were meant by it. What waits
 * now is not counted here but looked up where it waits, so that one can be held against the other.
 */
export class LaterFates {
  /** Frames that waited for a MAC and left. */
  sent = 0
  /** Pieces that waited for the last one, whose verdict is the datagram's. */
  joined = 0
  /** By verdict: how often it was given later, to what had been held or to what the director sent by itself. */
  readonly counted = new Float64Array(VERDICTS)
  /** By verdict: the received frames that later ended so. */
  readonly frames = new Float64Array(VERDICTS)

  /** A copy that waited left. `isFrame`: it stood for a frame that came in. */
  left(isFrame: boolean): void {
    if (isFrame) this.sent++
  }
  /** A copy that waited was given up. */
  gaveUp(verdict: Verdict, isFrame: boolean): void {
    this.counted[verdict]!++
    if (isFrame) this.frames[verdict]!++
  }
  /** A datagram of so many pieces that waited is whole. */
  join(pieces: number): void {
    this.joined += pieces
  }
  /** Its pieces went no further; the datagram itself is counted elsewhere, or not at all. */
  losePieces(verdict: Verdict, pieces: number): void {
    this.frames[verdict]! += pieces
  }

  /** Forgets all: what waits now stands for no frame any more. */
  clear(): void {
    this.sent = this.joined = 0
    this.counted.fill(0)
    this.frames.fill(0)
  }
}
