import type { DirectorFigures, FrameFigures } from './figures.js'

/** What became of every frame that came in. Its parts add up to `received`; `missing` is what they lack. */
export interface Conservation {
  received: number
  /** Handed to a device, or to the host's kernel: at once, or after a wait for a MAC. */
  sent: number
  /** Answered by the director as a host, or refused with an ICMP error. */
  answered: number
  /** Taken without an answer; pieces that are joined with others, the last of which has the datagram's verdict. */
  consumed: number
  /** By reason: frames, where `verdicts` counts a datagram of several frames once. */
  dropped: Record<string, number>
  /** They wait now: for a MAC, or for the datagram's other pieces. */
  held: number
  missing: number
}

const DROP = /^drop-/
/** What the front or the flow program dropped has not come in. */
const OUTSIDE = /^drop-(?:syn-budget|flow-unfinished)$/

/**
 * received = sent + answered + consumed + dropped by reason + held: of a director, or of several workers together, at any time. What the
 * director sends by itself (ARP requests, ICMP errors, adverts, what it cuts off a frame) is no part of it.
 */
export function conservation({ verdicts, frames }: Pick<DirectorFigures, 'verdicts' | 'frames'>): Conservation {
  const of = (name: string): number => verdicts[name] ?? 0
  const sent = of('balanced') + of('forwarded') + of('left-to-kernel') + frames.sentLater
  const answered = of('answered') + of('refused')
  const consumed = of('consumed') + frames.overheard + frames.joined
  const dropped = droppedFrames(verdicts, frames)
  const held = frames.waitingFrames + frames.waitingPieces
  const all = Object.values(dropped).reduce((so, count) => so + count, sent + answered + consumed + held)
  return { received: frames.received, sent, answered, consumed, dropped, held, missing: frames.received - all }
}

/** In a line; with what is missing, should there be anything. */
export function conservationLine({ received, sent, answered, consumed, dropped, held, missing }: Conservation): string {
  const drops = Object.values(dropped).reduce((so, count) => so + count, 0)
  const parts = `${sent} sent + ${answered} answered or refused + ${consumed} consumed + ${drops} dropped + ${held} held`
  return `received ${received} = ${parts}${missing === 0 ? '' : `; ${missing} unaccounted for: a mistake of uvs, please report it`}`
}

function droppedFrames(
  verdicts: Record<string, number>,
  { countedLater, lostLater }: FrameFigures,
): Record<string, number> {
  const dropped: Record<string, number> = {}
  for (const [name, count] of Object.entries(verdicts)) {
    if (!DROP.test(name) || OUTSIDE.test(name)) continue
    const frames = count - (countedLater[name] ?? 0) + (lostLater[name] ?? 0)
    if (frames !== 0) dropped[name] = frames
  }
  return dropped
}
