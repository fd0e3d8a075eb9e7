import { LRUCache } from 'lru-cache'
import type { Ipv4Addr } from '../wire/addr.js'
import { IcmpType, Unreachable } from '../wire/icmp.js'

/** To all peers together: Linux's icmp_msgs_per_sec and icmp_msgs_burst. */
export const PER_SECOND = 1000
export const BURST = 50
/** To one peer at once, after a quiet time (Linux's XRLIM_BURST_FACTOR). */
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

/** Limits the ICMP errors sent in all and to one peer by token buckets (RFC 1812 §4.3.2.8, as Linux does it). */
export class IcmpLimit {
  /** Milliseconds between two errors to one peer; 0 switches both limits off. */
  readonly #perPeer: number
  readonly #peers = new LRUCache<Ipv4Addr, Bucket>({ max: PEERS })
  readonly #all: Bucket = { tokens: BURST, at: 0 }

  constructor(perPeer: number) {
    this.#perPeer = perPeer
  }

  /** Whether an error may be sent to `peer`. If so it takes a token of both. "Fragmentation needed" is never limited. */
  allows(peer: Ipv4Addr, type: number, code: number, nowMs: number): boolean {
    if (this.#perPeer === 0 || (LIMITED & (1 << type)) === 0) return true
    if (type === IcmpType.UNREACHABLE && code === Unreachable.FRAGMENTATION_NEEDED) return true
    return take(this.#all, 1000 / PER_SECOND, BURST, nowMs) && this.#allowsPeer(peer, nowMs)
  }

  #allowsPeer(peer: Ipv4Addr, nowMs: number): boolean {
    let bucket = this.#peers.get(peer)
    if (bucket === undefined) {
      bucket = { tokens: PEER_BURST, at: nowMs }
      this.#peers.set(peer, bucket)
    }
    return take(bucket, this.#perPeer, PEER_BURST, nowMs)
  }
}

function take(bucket: Bucket, msPerToken: number, most: number, nowMs: number): boolean {
  bucket.tokens = Math.min(most, bucket.tokens + (nowMs - bucket.at) / msPerToken)
  bucket.at = nowMs
  if (bucket.tokens < 1) return false
  bucket.tokens--
  return true
}
