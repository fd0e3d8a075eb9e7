/** What became of one run at a rate. */
export interface Trial {
  /** Frames that went out. */
  sent: number
  /** Of these, those that did not come. */
  lost: number
  /** How long it took to send them. */
  seconds: number
}

/** Runs at so many frames a second for so long; a rate of 0 is as fast as the sender can. */
export type Try = (perSecond: number, seconds: number) => Promise<Trial>

/** The share of frames that may be lost and the rate still count. */
export const LOSS_MOST = 0.0001
/** A rate was kept when so much of it was. */
const KEPT = 0.99
/** Neighbouring rates, one that held and one that did not, are this near when the search ends. */
const NEAR = 1.03
const STEPS = 7
const STEP_SECONDS = 0.6
const CONFIRM_SECONDS = 1
const CONFIRMS = 6
/** What did not hold in the long run is followed by a rate so much smaller. */
const BACK = 0.95

export const isLossless = ({ sent, lost }: Trial): boolean => sent > 0 && lost <= sent * LOSS_MOST

/** Frames a second that really went out. */
export const rateOf = ({ sent, seconds }: Trial): number => sent / seconds

/**
 * The highest rate at which, for a second, no more than LOSS_MOST was lost, found in about 8 s; 0 where none was found. What
 * counts is what the sender sent, not what it was asked to.
 */
export async function highestRate(run: Try): Promise<number> {
  const flatOut = await run(0, STEP_SECONDS)
  if (isLossless(flatOut)) return confirm(run, 0)
  let tooHigh = rateOf(flatOut)
  let held = 0
  // What came through an overload is a good first guess.
  let next = rateOf({ ...flatOut, sent: flatOut.sent - flatOut.lost })
  for (let step = 0; step < STEPS && tooHigh > held * NEAR; step++) {
    const trial = await run(next, STEP_SECONDS)
    if (isLossless(trial)) {
      held = Math.max(held, rateOf(trial))
      // A sender that cannot go so fast will not go faster.
      if (rateOf(trial) < next * KEPT) tooHigh = next
    } else tooHigh = Math.min(tooHigh, next)
    next = held > 0 ? Math.sqrt(held * tooHigh) : tooHigh / 1.5
  }
  return held > 0 ? confirm(run, held) : 0
}

/** The rate, or one a little below it, that holds for the whole of a second; 0 where none does. */
async function confirm(run: Try, perSecond: number): Promise<number> {
  let rate = perSecond
  for (let tries = 0; tries < CONFIRMS; tries++) {
    const trial = await run(rate, CONFIRM_SECONDS)
    if (isLossless(trial)) return rateOf(trial)
    rate = BACK * (rate || rateOf({ ...trial, sent: trial.sent - trial.lost }))
  }
  return 0
}
