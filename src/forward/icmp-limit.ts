import { LRUCache } from 'lru-cache'
import type { Ipv4Addr } from '../wire/addr.js'
import { IcmpType, Unreachable } from '../wire/icmp.js'

/** Linux's icmp_msgs_per_sec and icmp_msgs_burst. */
export const PER_SECOND = 1000
export const BURST = 50
/** A peer saves up at most so many errors (Linux's XRLIM_BURST_FACTOR): a quiet one gets six at once, then one a second. */
export const PEER_BURST = 6
const PEERS = 4096
/** Linux's icmp_ratemask, 6168. */
const LIMITED =
  (1 << IcmpType.UNREACHABLE) |
  (1 << IcmpType.SOURCE_QUENCH) |
  (1 << IcmpType.TIME_EXCEEDED) |
  (1 << IcmpType.PARAMETER_PROBLEM)

interface Bucket {
  tokens: number
  at: number
}

/** How many ICMP errors may be sent: in all, and to one peer (RFC 1812 §4.3.2.8, as Linux does it). */
export class IcmpLimit {
  /** Milliseconds that a peer must wait for each error; 0 switches the limit off, the one for all too. */
  readonly #perPeer: number
  readonly #peers = new LRUCache<Ipv4Addr, Bucket>({ max: PEERS })
  readonly #all: Bucket = { tokens: BURST, at: 0 }

  constructor(perPeer: number) {
    this.#perPeer = perPeer
  }

  /** Whether one may go to `peer` now; it is then counted. "Fragmentation needed" always may. `now` in ms. */
  allows(peer: Ipv4Addr, type: number, code: number, now: number): boolean {
    if (this.#perPeer === 0 || (LIMITED & (1 << type)) === 0) return true
    if (type === IcmpType.UNREACHABLE && code === Unreachable.FRAGMENTATION_NEEDED) return true
    return take(this.#all, 1000 / PER_SECOND, BURST, now) && this.#allowsPeer(peer, now)
  }

  #allowsPeer(peer: Ipv4Addr, now: number): boolean {
    let bucket = this.#peers.get(peer)
    if (bucket === undefined) {
      bucket = { tokens: PEER_BURST, at: now }
      this.#peers.set(peer, bucket)
    }
    return take(bucket, this.#perPeer, PEER_BURST, now)
  }
}

function take(bucket: Bucket, msPerToken: number, most: number, now: number): boolean {
  bucket.tokens = Math.min(most, bucket.tokens + (now - bucket.at) / msPerToken)
  bucket.at = now
  if (bucket.tokens < 1) return false
  bucket.tokens--
  return true
}
