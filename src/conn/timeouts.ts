import { HZ } from './jiffies.js'
import { sctpTimeouts } from './sctp-states.js'
import { TcpState, tcpTimeouts } from './tcp-states.js'

const UDP_SECONDS = 300

/** Jiffies by state, as they are now: `ipvsadm --set` changes three of them, for the next packet of each connection. */
export class Timeouts {
  readonly tcp = Int32Array.from(tcpTimeouts)
  readonly sctp = sctpTimeouts
  udp = UDP_SECONDS * HZ

  /** In seconds, as `ipvsadm -L --timeout` shows them. */
  get(): { tcp: number; tcpfin: number; udp: number } {
    const tcp = this.tcp[TcpState.ESTABLISHED]! / HZ
    return { tcp, tcpfin: this.tcp[TcpState.FIN_WAIT]! / HZ, udp: this.udp / HZ }
  }
  /** In seconds; 0 leaves a value as it is. */
  set(tcp: number, tcpfin: number, udp: number): void {
    if (tcp > 0) this.tcp[TcpState.ESTABLISHED] = tcp * HZ
    if (tcpfin > 0) this.tcp[TcpState.FIN_WAIT] = tcpfin * HZ
    if (udp > 0) this.udp = udp * HZ
  }
  reset(): void {
    this.tcp.set(tcpTimeouts)
    this.udp = UDP_SECONDS * HZ
  }
}
