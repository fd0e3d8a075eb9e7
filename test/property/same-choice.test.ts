/* Directors of a fleet: whatever befell each of them before, with the same rules mh and sh choose the same real server. */
import t from 'tap'
import type { DestinationSettingsInfo, Request } from '../../src/control/protocol/api.js'
import { seededRandom } from '../../src/director/random.js'
import { SchedFlag } from '../../src/service/service-settings.js'
import { emptyFlow } from '../../src/packet/flow.js'
import { parseIpv4 } from '../../src/wire/addr.js'
import { IpProtocol } from '../../src/wire/ipv4.js'
import { BenchDirector, fromClient, VIP } from '../support/bench-director.js'
import { tcp4 } from '../support/frames.js'
import { seed } from '../support/properties.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'

const CLIENTS = 10_000
const HISTORY = 60
const SERVICE = { protocol: 'tcp', address: VIP, port: 80 } as const
const FLAGS = [0, SchedFlag.PORT, SchedFlag.FALLBACK, SchedFlag.PORT | SchedFlag.FALLBACK]

type Weights = Map<string, number>
/** `below(n)`: a whole number from 0, less than n. */
type Draw = (below: number) => number

const drawFrom = (from: number): Draw => {
  const random = seededRandom(from)
  return below => random() % below
}
function shuffled<T>(list: readonly T[], draw: Draw): T[] {
  const out = [...list]
  for (let i = out.length - 1; i > 0; i--) {
    const j = draw(i + 1)
    ;[out[i], out[j]] = [out[j]!, out[i]!]
  }
  return out
}
/** Both below and above 128.0.0.0, several ports of one address among them. */
const NAMES = ['10.99.2.11:80', '10.99.2.11:81', '10.99.2.12:80', '200.0.0.1:80', '200.0.0.2:80', '9.255.0.1:8080']

class Member extends BenchDirector {
  readonly #has: Weights = new Map()

  constructor(scheduler: string, schedFlags: number, isOfFleet: boolean) {
    super({ isOfFleet })
    this.must({ op: 'add-service', service: SERVICE, settings: { ...serviceSettings(scheduler), schedFlags } })
  }
  set(name: string, weight: number | undefined): void {
    const [address = '', port] = name.split(':')
    const destination = { address, port: Number(port) }
    const settings: DestinationSettingsInfo = { ...destinationSettings(weight ?? 0), method: 'masq' }
    const before = this.#has.get(name)
    if (weight === undefined) {
      if (before !== undefined) this.must({ op: 'delete-destination', service: SERVICE, destination })
      this.#has.delete(name)
      return
    }
    if (before === weight) return
    const op = before === undefined ? 'add-destination' : 'edit-destination'
    this.must({ op, service: SERVICE, destination, settings } as Request)
    this.#has.set(name, weight)
  }
  /** Lives through anything, then is given these rules, in any order. */
  live(to: Weights, draw: Draw): this {
    for (let i = 0; i < HISTORY; i++) {
      const name = NAMES[draw(NAMES.length)]!
      if (draw(3) === 0) this.set(name, undefined)
      else if (draw(2) === 0) this.set(name, draw(5))
      else
        this.receive('c', tcp4(`10.99.1.${10 + draw(10)}:${1024 + draw(9)} > ${VIP}:80`, { flags: 'S', ...fromClient }))
      if (draw(4) === 0) this.poll(draw(40_000))
      this.take()
    }
    for (const name of shuffled(NAMES, draw)) this.set(name, to.get(name))
    return this
  }
  /** Whom so many clients are sent to. */
  choices(): string[] {
    const flow = emptyFlow()
    const draw = drawFrom(seed)
    flow.protocol = IpProtocol.TCP
    flow.vaddr = parseIpv4(VIP)!
    flow.vport = 80
    const service = this.director.balancing.lookup(0, flow.protocol, flow.vaddr, 80)!
    return Array.from({ length: CLIENTS }, () => {
      flow.caddr = (draw(2 ** 32) | 0) as typeof flow.caddr
      flow.cport = 1 + draw(65_535)
      const dest = this.director.balancing.schedule(service, flow)
      return dest ? `${dest.addr}:${dest.port}` : '-'
    })
  }
}

/** Weights of some of the servers; 0 now and then. */
function drawRules(draw: Draw): Weights {
  const rules: Weights = new Map(NAMES.filter(() => draw(3) > 0).map(name => [name, draw(4)]))
  return rules.set(NAMES[draw(NAMES.length)]!, 1 + draw(3))
}

for (const scheduler of ['mh', 'sh'])
  for (const flags of FLAGS)
    t.test(`${scheduler}, flags ${flags}: the same for every client on three directors`, async t => {
      for (let story = 0; story < 6; story++) {
        const draw = drawFrom(seed + story)
        const rules = drawRules(draw)
        const [first, ...others] = [1, 2, 3].map(() => new Member(scheduler, flags, true).live(rules, draw).choices())
        t.ok(new Set(first).size > 1 || rules.size === 1, 'and not one server for all')
        for (const other of others) t.strictSame(other, first, `story ${story}: ${JSON.stringify([...rules])}`)
      }
    })

for (const scheduler of ['mh', 'sh'])
  t.test(
    `${scheduler} alone goes by the order of adding, as the kernel's; a fleet's by that of ipvsadm -Sn`,
    async t => {
      const names = ['9.255.0.1:8080', '10.99.2.11:80', '10.99.2.11:81', '10.99.2.12:80', '200.0.0.1:80']
      const added = (isOfFleet: boolean, list: readonly string[]): string[] => {
        const member = new Member(scheduler, 0, isOfFleet)
        for (const name of list) member.set(name, 1 + (names.indexOf(name) % 3))
        return member.choices()
      }
      const reversed = names.toReversed()
      t.strictNotSame(added(false, names), added(false, reversed), 'the order of adding is seen')
      t.strictSame(added(true, reversed), added(false, names))
    },
  )

/** Three servers, one of them edited to 0. */
const quiesced = (isOfFleet: boolean): string[] => {
  const member = new Member('mh', 0, isOfFleet)
  for (const name of NAMES.slice(0, 3)) member.set(name, 1)
  member.set(NAMES[0]!, 0)
  return member.choices()
}

t.test('mh alone remembers the weight before 0, a fleet’s does not', async t => {
  t.ok(quiesced(false).includes('-'), 'its clients are refused')
  t.notOk(quiesced(true).includes('-'), 'its clients go to the others')
})
