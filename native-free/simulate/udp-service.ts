import { answerDatagrams, datagramOf, portUnreachable } from './datagrams.js'
import type { Ground } from './ground.js'
import type { SimPacket } from './packets.js'
import type { WorkQueue } from './work-queue.js'

/** What a real server's UDP side needs of it. */
export interface UdpServiceHost {
  readonly name: string
  readonly work: WorkQueue
  readonly isUp: boolean
  connections: number
  answered: number
  overflowed: number
  /** How long it works at a request. */
  workMs(): number
  send(packet: SimPacket, via: string): void
}

/** Answers datagrams to any address and port, from there. It knows no connections: whoever asks is answered. */
export class UdpService {
  readonly #host: UdpServiceHost
  readonly #ground: Ground

  constructor(host: UdpServiceHost, ground: Ground) {
    this.#host = host
    this.#ground = ground
  }

  /** A queue that is full loses it: nobody is told. */
  receive(packet: SimPacket, via: string): void {
    const host = this.#host
    const datagram = datagramOf(packet)
    if (!datagram) return
    if (!host.isUp) return host.send(portUnreachable(packet), via)
    if (this.#ground.ledger.asked(datagram.client, host.name)) host.connections++
    const isTaken = host.work.add({
      arrivedMs: this.#ground.events.nowMs,
      workMs: host.workMs(),
      done: () => {
        host.answered++
        const { src, dst, protocol } = packet
        for (const octets of answerDatagrams(datagram)) host.send({ src: dst, dst: src, protocol, octets }, via)
      },
    })
    if (!isTaken) host.overflowed++
  }
}
