import t from 'tap'
import { SimulatedFlows } from '../../support/simulated-flows.js'
import { CLIENT, RS, Scene } from '../scene.js'

/* A director is killed; the next one takes over flows of datagrams and of services by mark. */

const FROM = `${CLIENT}:4000`
const PORTS = [{ first: 53, last: 80 }]
const KINDS = [
  { what: 'tcp', service: 'tcp 10.99.1.100:80', to: '10.99.1.100:80', server: `${RS[0]}:8080` },
  { what: 'udp', service: 'udp 10.99.1.100:53', to: '10.99.1.100:53', server: `${RS[0]}:5353` },
  { what: 'tcp', service: 'mark 7', to: '10.99.1.101:80', server: `${RS[0]}:8080` },
  { what: 'udp', service: 'mark 7', to: '10.99.1.101:53', server: `${RS[0]}:0` },
  { what: 'udp', service: 'mark 7', to: '10.99.1.101:53', server: `${RS[0]}:5353` },
] as const
type Kind = (typeof KINDS)[number]

/** A director of one kind of service, after that one whose flows are `before`. */
class Kept extends Scene {
  readonly flows: SimulatedFlows
  readonly #kind: Kind
  readonly said: string[]
  constructor(kind: Kind, before?: SimulatedFlows) {
    const [flows, said] = [new SimulatedFlows(), [] as string[]]
    super({ offload: flows, notice: line => said.push(line), ...(before && { leftFlows: [before.left()] }) })
    this.flows = flows
    this.said = said
    this.#kind = kind
  }
  rules(): void {
    const { service, what } = this.#kind
    this.must({ op: 'add-vip', cidr: '10.99.1.101' })
    const rule = { protocol: what, to: '10.99.1.0/24', ports: PORTS, mark: 7 }
    if (service === 'mark 7') this.must({ op: 'add-mark', rule })
    this.service(this.#kind.service, {}, this.#kind.server)
  }
  /** So many packets each way. Returns the real server. */
  talk(packets: number): string {
    const { what, to } = this.#kind
    let server = ''
    for (let i = 0; i < packets; i++) {
      server = what === 'tcp' ? this.tcp(FROM, to, 'A') : this.udp(FROM, to)
      if (what === 'tcp') this.tcpAnswer(server, FROM, 'A')
      else this.udpAnswer(server, FROM)
    }
    return server
  }
  open(): void {
    if (this.#kind.what === 'tcp') this.connect(FROM, this.#kind.to)
    this.talk(2)
  }
  get stats(): { conns: number; inPkts: number; outPkts: number } {
    const [service] = this.services() as { stats: { conns: number; inPkts: number; outPkts: number } }[]
    return service!.stats
  }
}

for (const kind of KINDS)
  t.test(`${kind.what} to ${kind.to} of ${kind.service}, at ${kind.server}, goes on`, async t => {
    const first = new Kept(kind)
    first.rules()
    first.open()
    const forwarded = first.flows.forwarded
    const server = first.talk(5)
    t.equal(first.flows.forwarded, forwarded + 10, 'the program has both flows')
    const was = first.connections()

    const second = new Kept(kind, first.flows)
    second.run(2000)
    t.strictSame(second.connections(), [], 'its rules are not there yet')
    second.rules()
    second.run(3000)
    t.strictSame(second.said, ['connections of an earlier director: 1 are taken over'])
    t.ok(first.flows.isRemoved)
    t.strictSame(second.connections().map(ends), was.map(ends))
    const { conns, inPkts, outPkts } = second.stats
    t.strictSame([conns, inPkts + outPkts], [1, first.flows.forwarded], 'what the program had forwarded')
    t.ok(inPkts >= 5 && outPkts >= 5)
    t.equal(second.talk(6), server, 'the same real server')
    t.ok(second.flows.forwarded >= 4, 'and the program has them again')
  })

/** Without the time until it ends. */
function ends(line: string): string {
  return line.replace(/ \d+ /, ' ')
}
