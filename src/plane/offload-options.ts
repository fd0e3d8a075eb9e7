/** That the program before the interfaces forwards the packets of open connections. */
export interface OffloadOptions {
  /** A connection's flows are entered after so many of its client's packets. Default: 2 to 8, by how long its service's last connections were. */
  readonly after?: number
  /** The most flows that there may be, two a connection by NAT. Default: twice the connections, at most 262144. */
  readonly flows?: number
}

/** SYNs a second that a service has, for each worker. More than twice of what one was seen to open. */
export const DEFAULT_SYN_BUDGET = 100_000

/** Of `OffloadOptions.flows`. */
export const MOST_FLOWS = 2 ** 22
