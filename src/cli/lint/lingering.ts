import type { ServiceKey } from '../../control/protocol/api.js'
import { HZ } from '../../conn/jiffies.js'
import { SctpState } from '../../conn/sctp-states.js'
import { TcpState } from '../../conn/tcp-states.js'
import type { Timeouts } from '../../conn/timeouts.js'

/** How long a connection is kept after its last packet: meanwhile it counts for -x, and a FULLNAT connection keeps its port. */
export interface Lingering {
  seconds: number
  /** `120 s of TIME_WAIT` */
  text: string
}

/**
 * By protocol; TCP's and UDP's for a mark. For TCP and SCTP, after both ends have closed. `seesAnswers`: false with -g
 * and -i, where a TCP connection closed by the client stays in FIN_WAIT (ipvs-behaviour.md §5.1).
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
