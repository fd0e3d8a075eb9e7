import { HZ } from './jiffies.js'
import { sctpTimeouts } from './sctp-states.js'
import { TcpState, tcpTimeouts } from './tcp-states.js'

const UDP_SECONDS = 300

/** Current timeouts by state, in jiffies. `ipvsadm --set` changes three of them, effective with a connection's next packet. */
export class Timeouts {
  readonly tcp = Int32Array.from(tcpTimeouts)
  readonly sctp = sctpTimeouts
  udp = UDP_SECONDS * HZ

  /** In seconds, as shown by `ipvsadm -L --timeout`. */
  get(): { tcp: number; tcpfin: number; udp: number } {
    const tcp = this.tcp[TcpState.ESTABLISHED]! / HZ
    return { tcp, tcpfin: this.tcp[TcpState.FIN_WAIT]! / HZ, udp: this.udp / HZ }
  }
  /** In seconds; 0 keeps a value. */
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
