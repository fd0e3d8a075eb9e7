/*
 * What each service comes to, as columns of numbers: for choosing among thousands, as `services` has all of each. They go from the
 * packets' thread to the main thread as they are; to clients of the socket as JSON.
 */

/** IP's number of the protocol, 0: the service is a mark's; family 4 or 6; an address in four words, IPv4 in the first. SCHEDULER is a place in `schedulers`. */
export const KeyColumn = { PROTOCOL: 0, FAMILY: 1, ADDRESS: 2, PORT: 6, MARK: 7, SCHEDULER: 8 } as const
export const KEY_COLUMNS = 9

/**
 * SERVERS, and of these READY with a weight above 0; WEIGHT of all; from CONNS on StatsInfo, from CPS on RatesInfo, both as a listing
 * shows them.
 */
export const SumColumn = {
  SERVERS: 0,
  READY: 1,
  WEIGHT: 2,
  ACTIVE_CONNS: 3,
  INACT_CONNS: 4,
  PERSIST_CONNS: 5,
  CONNS: 6,
  IN_PKTS: 7,
  OUT_PKTS: 8,
  IN_BYTES: 9,
  OUT_BYTES: 10,
  CPS: 11,
  IN_PPS: 12,
  OUT_PPS: 13,
  IN_BPS: 14,
  OUT_BPS: 15,
} as const
export const SUM_COLUMNS = 16

/** Of all services, in the kernel's order. */
export interface ServiceSums {
  /** Names of schedulers, each once. */
  schedulers: readonly string[]
  /** KEY_COLUMNS numbers for each service, by KeyColumn; 32 bits each, signed or not. */
  keys: ArrayLike<number>
  /** SUM_COLUMNS numbers for each service, by SumColumn. */
  sums: ArrayLike<number>
}

/** In typed arrays, which JSON would not show as arrays. */
export class ServiceColumns implements ServiceSums {
  readonly schedulers: readonly string[]
  readonly keys: Int32Array<ArrayBuffer>
  readonly sums: Float64Array<ArrayBuffer>

  constructor({ schedulers, keys, sums }: Pick<ServiceColumns, 'schedulers' | 'keys' | 'sums'>) {
    this.schedulers = schedulers
    this.keys = keys
    this.sums = sums
  }
  /** For so many services. */
  static of(services: number, schedulers: readonly string[]): ServiceColumns {
    const [keys, sums] = [new Int32Array(services * KEY_COLUMNS), new Float64Array(services * SUM_COLUMNS)]
    return new ServiceColumns({ schedulers, keys, sums })
  }
  toJSON(): ServiceSums {
    return { schedulers: this.schedulers, keys: [...this.keys], sums: [...this.sums] }
  }
}
