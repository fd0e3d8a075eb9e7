import type { Destination } from '../service/destination.js'

/** More active connections than weight, while somebody else has less than half of his (ipvs-behaviour.md §3.7). */
export function isBusy(dest: Destination, destinations: readonly Destination[]): boolean {
  if (dest.activeConns <= dest.weight) return false
  for (let i = 0; i < destinations.length; i++) {
    const other = destinations[i]!
    if (other.activeConns * 2 < other.weight) return true
  }
  return false
}
