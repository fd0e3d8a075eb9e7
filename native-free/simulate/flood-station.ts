import { IpProtocol } from '../../src/wire/ipv4.js'
import { TcpFlag } from '../../src/wire/tcp.js'
import type { Ground } from './ground.js'
import type { SimPacket } from './packets.js'
import type { RandomValues } from './random-values.js'
import type { Flood } from './scenario/scenario.js'
import { bareSegment } from './tcp-ends.js'

const PORTS = 0x10000 - 1024

/** SYNs, evenly spaced, each from a host and a port by chance, that nobody answers for. */
export class FloodStation {
  readonly #plan: Flood
  readonly #ground: Ground
  readonly #random: RandomValues
  readonly #send: (packet: SimPacket) => void

  constructor(plan: Flood, part: number, ground: Ground, send: (packet: SimPacket) => void) {
    this.#plan = plan
    this.#ground = ground
    this.#random = ground.random(part)
    this.#send = send
  }

  start(): void {
    const { name, perSecond, fromMs, untilMs } = this.#plan
    const { events, ledger } = this.#ground
    events.at(fromMs, () => {
      ledger.event(fromMs, 'flood', `${name} begins: ${perSecond} SYNs a second`, false)
      this.#next()
    })
    events.at(untilMs, () => ledger.event(untilMs, 'flood', `${name} ends`, false))
  }

  #next(): void {
    const { network, to, perSecond, untilMs } = this.#plan
    const { events, ledger } = this.#ground
    if (events.nowMs >= untilMs) return
    ledger.interval.flood++
    const src = this.#random.host(network)
    const port = 1024 + this.#random.below(PORTS)
    const octets = bareSegment(port, to.port, this.#random.below(2 ** 32), 0, TcpFlag.SYN)
    this.#send({ src, dst: to.addr, protocol: IpProtocol.TCP, octets })
    events.after(1000 / perSecond, () => this.#next())
  }
}
