import type { Destination } from '../service/destination.js'
import { productExceeds } from './overhead.js'

/**
 * The eligible destination with the least load ÷ weight, compared by cross-product so that nothing is rounded; the
 * first in the list wins a tie (ipvs-behaviour.md §3.4).
 */
export function leastByWeight(
  destinations: readonly Destination[],
  load: (dest: Destination) => number,
): Destination | undefined {
  let least: Destination | undefined
  let leastLoad = 0
  for (let i = 0; i < destinations.length; i++) {
    const dest = destinations[i]!
    if (!dest.eligible) continue
    const itsLoad = load(dest)
    if (least === undefined || productExceeds(leastLoad, dest.weight, itsLoad, least.weight)) {
      least = dest
      leastLoad = itsLoad
    }
  }
  return least
}
