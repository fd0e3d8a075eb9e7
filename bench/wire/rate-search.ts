/** The result of one run at a rate. */
export interface Trial {
  /** Frames sent. */
  sent: number
  /** Frames sent that did not arrive. */
  lost: number
  /** The duration of sending, in seconds. */
  seconds: number
}

/** Runs at a rate in frames a second for some seconds; a rate of 0 means as fast as the sender can. */
export type Try = (perSecond: number, seconds: number) => Promise<Trial>

/** The share of frames that may be lost for a rate to count as held. */
export const LOSS_MOST = 0.0001
/** The sender kept a rate if it reached this share of it. */
const KEPT = 0.99
/** The search ends when a rate that held and the next one that did not are within this ratio. */
const NEAR = 1.03
const STEPS = 7
const STEP_SECONDS = 0.6
const CONFIRM_SECONDS = 1
const CONFIRMS = 6
/** A rate that fails in the long run is followed by one reduced by this factor. */
const BACK = 0.95

export const isLossless = ({ sent, lost }: Trial): boolean => sent > 0 && lost <= sent * LOSS_MOST

/** Frames a second actually sent. */
export const rateOf = ({ sent, seconds }: Trial): number => sent / seconds

/**
 * The highest rate at which, for a second, at most LOSS_MOST was lost, found in about 8 s; 0 if none was found. The
 * rate actually sent counts, not the requested one.
 */
export async function highestRate(run: Try): Promise<number> {
  const flatOut = await run(0, STEP_SECONDS)
  if (isLossless(flatOut)) return confirm(run, 0)
  let tooHigh = rateOf(flatOut)
  let held = 0
  // The rate that got through an overload is a good first guess.
  let next = rateOf({ ...flatOut, sent: flatOut.sent - flatOut.lost })
  for (let step = 0; step < STEPS && tooHigh > held * NEAR; step++) {
    const trial = await run(next, STEP_SECONDS)
    if (isLossless(trial)) {
      held = Math.max(held, rateOf(trial))
      // A sender that cannot reach this rate cannot reach a higher one.
      if (rateOf(trial) < next * KEPT) tooHigh = next
    } else tooHigh = Math.min(tooHigh, next)
    next = held > 0 ? Math.sqrt(held * tooHigh) : tooHigh / 1.5
  }
  return held > 0 ? confirm(run, held) : 0
}

/** This rate, or a slightly lower one, that holds for a whole second; 0 if none does. */
async function confirm(run: Try, perSecond: number): Promise<number> {
  let rate = perSecond
  for (let tries = 0; tries < CONFIRMS; tries++) {
    const trial = await run(rate, CONFIRM_SECONDS)
    if (isLossless(trial)) return rateOf(trial)
    rate = BACK * (rate || rateOf({ ...trial, sent: trial.sent - trial.lost }))
  }
  return 0
}
