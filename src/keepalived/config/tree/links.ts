/** garp_group: gratuitous ARP, or neighbour advertisements, of these interfaces are so far apart. */
export interface GarpGroup {
  readonly interfaces: string[]
  /** Absent: the global one. */
  garpIntervalMs?: number
  gnaIntervalMs?: number
}

/** A line of interface_up_down_delays: how long a link must have changed before that counts. */
export interface LinkDelay {
  readonly interface: string
  readonly downMs: number
  readonly upMs: number
}
