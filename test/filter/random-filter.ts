import { icmp4, tcp4, udp4 } from '../support/frames.js'

const ADDRESSES = ['10.0.0.7', '10.0.1.100', '192.168.1.1', '10.1.0.7']
const PORTS = [53, 80, 443, 40_000]

/** Frames and filters about the same addresses and ports, drawn by `random`, below 1. */
export class RandomFilters {
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  below(most: number): number {
    return Math.floor(this.#random() * most)
  }
  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!
  }
  /** 'address:port > address:port' */
  flow(): string {
    const [src, dst] = [this.one(ADDRESSES), this.one(ADDRESSES)]
    return `${src}:${this.one(PORTS)} > ${dst}:${this.one(PORTS)}`
  }
  frame(id: number): Uint8Array {
    const flow = this.flow()
    const options = { id, ...(this.below(8) === 0 && { fragment: 1 }), payload: this.below(40) }
    const kind = this.below(4)
    if (kind === 0) return icmp4(flow.replaceAll(/:\d+/g, ''), { type: 8, ...options })
    if (kind === 1) return udp4(flow, options)
    return tcp4(flow, { ...options, flags: this.one(['S', 'SA', 'A', 'FA', 'R', 'PA', 'SFRPAUEC']) })
  }

  expression(depth: number): string {
    const text = depth === 0 || this.below(3) === 0 ? this.#primitive() : `(${this.expression(depth - 1)})`
    const negated = this.below(5) === 0 ? `not ${/^port \d+ or/.test(text) ? `(${text})` : text}` : text
    return this.below(2) === 0 || depth === 0
      ? negated
      : `${negated} ${this.one(['and', 'or', '&&', '||'])} ${this.expression(depth - 1)}`
  }
  #primitive(): string {
    const nets = ['10.0.0.0/8', '10.0', '10.1.0.0/16', '192.168.1.0 mask 255.255.255.0']
    const flags = ['tcp-syn', 'tcp-syn|tcp-ack', 'tcp-fin|tcp-rst', 'tcp-push']
    const primitives = [
      () => this.one(['tcp', 'udp', 'icmp', 'ip', 'ip proto 17', 'arp']),
      () => `${this.one(['', 'src ', 'dst ', 'src or dst ', 'src and dst '])}host ${this.one(ADDRESSES)}`,
      () => `${this.one(['src ', 'dst ', ''])}net ${this.one(nets)}`,
      () => `${this.one(['', 'tcp ', 'udp '])}${this.one(['', 'src ', 'dst '])}port ${this.one(PORTS)}`,
      () => `port ${this.one(PORTS)} or ${this.one(PORTS)}`,
      () => `${this.one(['', 'src ', 'dst '])}portrange 50-100`,
      () => `${this.one(['less', 'greater'])} ${40 + this.below(50)}`,
      () => `tcp[tcpflags] & (${this.one(flags)}) ${this.one(['!= 0', '== tcp-syn', '== 0'])}`,
    ]
    return this.one(primitives)()
  }
}
