import type { Slab } from './frame.js'

/** Where a director hands adverts of virtual routers (VRRP) that come in by its links, for whoever speaks for them. */
export interface AdvertSink {
  /** Whether anybody listens. */
  readonly isOpen: boolean
  /** Copies an IP packet, `len` octets at `at`, that came in by the link of this index. Returns false if there is no room. */
  take(link: number, slab: Slab, at: number, len: number): boolean
}
