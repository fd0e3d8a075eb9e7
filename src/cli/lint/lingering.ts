import type { ServiceKey } from '../../control/protocol/api.js'
import { HZ } from '../../conn/jiffies.js'
import { SctpState } from '../../conn/sctp-states.js'
import { TcpState } from '../../conn/tcp-states.js'
import type { Timeouts } from '../../conn/timeouts.js'

/** How long a connection is kept after its last packet: it counts for -x, and FULLNAT's keeps its port. */
export interface Lingering {
  seconds: number
  /** `120 s of TIME_WAIT` */
  text: string
}

/**
 * By protocol; both of TCP and UDP for a mark. Of TCP and SCTP after a close that both ends took part in. `seesAnswers`: with -g
 * and -i a TCP connection that the client has closed stays in FIN_WAIT (ipvs-behaviour.md §5.1).
 */
export function lingerings(key: ServiceKey, timeouts: Timeouts, seesAnswers: boolean): Lingering[] {
  const tcpState = seesAnswers ? 'TIME_WAIT' : 'FIN_WAIT'
  const tcp = lingering(timeouts.tcp[TcpState[tcpState]]!, `of ${tcpState}`)
  const udp = lingering(timeouts.udp, 'after the last datagram')
  if ('mark' in key) return [tcp, udp]
  if (key.protocol === 'sctp') return [lingering(timeouts.sctp[SctpState.CLOSED]!, 'of CLOSED')]
  return [key.protocol === 'udp' ? udp : tcp]
}

function lingering(jiffies: number, why: string): Lingering {
  const seconds = jiffies / HZ
  return { seconds, text: `${seconds} s ${why}` }
}
