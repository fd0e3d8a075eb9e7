import type { Destination } from '../service/destination.js'

/** The candidate of the highest weight; the first in the list wins a tie. */
export function heaviest(
  destinations: readonly Destination[],
  isCandidate: (dest: Destination) => boolean,
): Destination | undefined {
  let best: Destination | undefined
  let bestWeight = -1
  for (let i = 0; i < destinations.length; i++) {
    const dest = destinations[i]!
    const { weight } = dest
    // The weight first: most need not be asked.
    if (weight <= bestWeight || !isCandidate(dest)) continue
    best = dest
    bestWeight = weight
  }
  return best
}
