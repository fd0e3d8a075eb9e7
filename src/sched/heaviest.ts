import type { Destination } from '../service/destination.js'

/** The candidate with the highest weight; the first in the list wins a tie. */
export function heaviest(
  destinations: readonly Destination[],
  isCandidate: (dest: Destination) => boolean,
): Destination | undefined {
  let best: Destination | undefined
  let bestWeight = -1
  for (let i = 0; i < destinations.length; i++) {
    const dest = destinations[i]!
    const { weight } = dest
    // Compare the weight first: it rules out most destinations without the call.
    if (weight <= bestWeight || !isCandidate(dest)) continue
    best = dest
    bestWeight = weight
  }
  return best
}
