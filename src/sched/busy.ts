import type { Destination } from '../service/destination.js'

/** More active connections than weight, while another has fewer than half of its own weight (ipvs-behaviour.md §3.7). */
export function isBusy(dest: Destination, destinations: readonly Destination[]): boolean {
  if (dest.activeConns <= dest.weight) return false
  for (let i = 0; i < destinations.length; i++) {
    const other = destinations[i]!
    if (other.activeConns * 2 < other.weight) return true
  }
  return false
}
