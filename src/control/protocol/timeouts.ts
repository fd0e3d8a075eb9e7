import { record, seconds, type Check } from './check.js'
import { takes } from './shape.js'

/** Seconds, as in `ipvsadm --set` and `-L --timeout`. */
export interface TimeoutsInfo {
  tcp: number
  tcpfin: number
  udp: number
}

const given: Check<TimeoutsInfo> = record({ tcp: seconds, tcpfin: seconds, udp: seconds })

export const timeouts = {
  timeouts: takes({}).returns<TimeoutsInfo>(),
  /** 0 keeps a value. */
  'set-timeouts': takes({ timeouts: given }),
}
