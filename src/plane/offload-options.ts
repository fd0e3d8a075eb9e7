/** That the program before the interfaces forwards the packets of open connections. */
export interface OffloadOptions {
  /** A connection's flows are entered after so many of its client's packets. Default: 2 to 8, by how long its service's last connections were. */
  readonly after?: number
  /** The most flows that there may be, two a connection by NAT. Default: twice the connections, at most 262144. */
  readonly flows?: number
}

/** SYNs a second that a service has, for each worker. One network has half of it, and one client was seen to open 60 000 connections a second. */
export const DEFAULT_SYN_BUDGET = 200_000

/** Of `OffloadOptions.flows`. */
export const MOST_FLOWS = 2 ** 22
