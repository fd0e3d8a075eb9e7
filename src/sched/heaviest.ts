import type { Destination } from '../service/destination.js'

/** The candidate of the highest weight; the first in the list wins a tie. */
export function heaviest(
  destinations: readonly Destination[],
  isCandidate: (dest: Destination) => boolean,
): Destination | undefined {
  let best: Destination | undefined
  for (let i = 0; i < destinations.length; i++) {
    const dest = destinations[i]!
    if (isCandidate(dest) && (best === undefined || dest.weight > best.weight)) best = dest
  }
  return best
}
