import t from 'tap'
import type { ServiceSettingsInfo } from '../../../src/control/protocol/api.js'
import { BenchDirector, endpoint, fromClient, fromServer, VIP } from '../../support/bench-director.js'
import { tcp4 } from '../../support/frames.js'
import { LIP, sourceOf } from '../../support/fullnat-bench.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'
import { SimulatedFlows } from '../../support/simulated-flows.js'

/* A director is killed; the next one takes over the flows that it has left. */

const WEB = `${VIP}:80`
const CLIENT = '10.99.1.10:4000'
type Mode = 'nat' | 'dr' | 'tun' | 'fullnat'
const METHODS = { nat: 'masq', dr: 'direct', tun: 'tunnel', fullnat: 'fullnat' } as const
const OPEN_ENDED = { nat: 2, fullnat: 2, dr: 1, tun: 1 }

/** A director of one mode, after that one whose flows are `left`. */
class Kept extends BenchDirector {
  readonly flows: SimulatedFlows
  readonly said: string[]
  constructor(
    readonly mode: Mode,
    readonly before?: SimulatedFlows,
    flows = new SimulatedFlows(),
    maxConnections = 64,
  ) {
    const said: string[] = []
    super({
      offload: flows,
      seed: before ? 2 : 1,
      maxConnections,
      notice: line => said.push(line),
      ...(before && { leftFlows: [before.left()] }),
    })
    this.flows = flows
    this.said = said
  }
  get server(): string {
    return this.mode === 'nat' || this.mode === 'fullnat' ? '10.99.2.11:8080' : '10.99.2.11:80'
  }
  /** Its rules, service by service as uvsadm would give them. */
  rules(more: Partial<ServiceSettingsInfo> = {}): void {
    for (const rule of this.#rules(more)) this.must(rule)
    this.poll()
    this.take()
  }
  #rules(more: Partial<ServiceSettingsInfo>) {
    const service = { protocol: 'tcp', ...endpoint(WEB) } as const
    const settings = destinationSettings(1, { method: METHODS[this.mode] })
    return [
      { op: 'add-service', service, settings: serviceSettings('rr', more) },
      { op: 'add-destination', service, destination: endpoint(this.server), settings },
      ...(this.mode === 'fullnat' ? [{ op: 'add-local-address', service, address: LIP } as const] : []),
    ] as const
  }
  /** Where the real server sees the client, a packet of whom it has just got. */
  #seenAt(client: string, payload: number): string {
    this.receive('c', tcp4(`${client} > ${WEB}`, { ...fromClient, flags: 'PA', payload }))
    const sent = this.take().find(({ link }) => link === 'r')
    return sent ? sourceOf(sent.frame) : ''
  }
  open(client = CLIENT): string {
    this.receive('c', tcp4(`${client} > ${WEB}`, { ...fromClient, flags: 'S' }))
    const [sent] = this.take()
    const local = sent && this.mode === 'fullnat' ? sourceOf(sent.frame) : client
    if (OPEN_ENDED[this.mode] === 2)
      this.receive('r', tcp4(`${this.server} > ${local}`, { ...fromServer(), flags: 'SA' }))
    this.receive('c', tcp4(`${client} > ${WEB}`, { ...fromClient, flags: 'A' }))
    this.take()
    return local
  }
  /** A segment of each way; whether the program forwarded them all. */
  talk(local: string, client = CLIENT): boolean {
    const before = this.flows.forwarded
    this.#seenAt(client, 10)
    if (OPEN_ENDED[this.mode] === 2)
      this.receive('r', tcp4(`${this.server} > ${local}`, { ...fromServer(), flags: 'PA', payload: 100 }))
    this.take()
    return this.flows.forwarded - before === OPEN_ENDED[this.mode]
  }
  /** Until what it found has been taken over, or not. */
  settle(): void {
    this.run(3000)
  }
  get stats(): unknown {
    return (this.services() as { destinations: { stats: unknown }[] }[])[0]!.destinations[0]
  }
}

for (const mode of ['nat', 'dr', 'tun', 'fullnat'] as const)
  t.test(`${mode}: a connection goes on, with what was counted`, async t => {
    const first = new Kept(mode)
    first.rules()
    const local = first.open()
    first.talk(local)
    first.run(2500)
    for (let i = 0; i < 5; i++) t.ok(first.talk(local), 'the program has it')
    const wasThere = first.ask<'connections'>({ op: 'connections', from: 0 }) as { rows: unknown[] }

    const second = new Kept(mode, first.flows)
    second.rules()
    second.settle()
    t.strictSame(second.said, ['connections of an earlier director: 1 are taken over'])
    t.ok(first.flows.isRemoved)
    t.equal(first.flows.flows.size, 0, 'withdrawn')
    const isThere = second.ask<'connections'>({ op: 'connections', from: 0 }) as { rows: unknown[] }
    const [was, is] = [wasThere.rows[0], isThere.rows[0]] as Record<string, unknown>[]
    t.match(is, { state: 'ESTABLISHED', client: was!['client'], destination: was!['destination'] })
    t.strictSame(is!['local'], was!['local'])
    const outPkts = OPEN_ENDED[mode] === 2 ? 5 : 0
    t.match(second.stats, { activeConns: 1, inactConns: 0, stats: { conns: 1, inPkts: 6, outPkts } })
    for (let i = 0; i < 3; i++) second.talk(local)
    t.ok(second.talk(local), 'and its own program has it')
    second.receive('c', tcp4(`${CLIENT} > ${WEB}`, { ...fromClient, flags: 'FA' }))
    t.equal(second.flows.flows.size, 0)
    const state = OPEN_ENDED[mode] === 2 ? 'CLOSE_WAIT' : 'FIN_WAIT'
    t.match(second.ask<'connections'>({ op: 'connections', from: 0 }), { rows: [{ state }] })
  })

t.test('where the second director is killed while it takes over, the third counts nothing twice', async t => {
  const first = new Kept('nat')
  first.rules()
  const local = first.open()
  for (let i = 0; i < 10; i++) first.talk(local)
  first.run(2500)
  const second = new Kept('nat', first.flows)
  second.rules()
  second.run(200)
  t.equal(second.director.conns.table.count, 1, 'it has taken over')
  t.notOk(first.flows.isRemoved)
  const third = new Kept('nat', first.flows)
  third.rules()
  third.settle()
  t.ok(first.flows.isRemoved)
  t.match(third.stats, { activeConns: 0, stats: { inPkts: 0, outPkts: 0 } })
})

t.test('a connection whose packets somebody watched goes on, too', async t => {
  const first = new Kept('nat')
  first.rules()
  const local = first.open()
  first.talk(local)
  t.ok(first.talk(local), 'the program has it')
  first.must({ op: 'watch', filter: 'tcp', count: 100 })
  t.notOk(first.talk(local), 'no more')

  const second = new Kept('nat', first.flows)
  second.rules()
  second.settle()
  t.strictSame(second.said, ['connections of an earlier director: 1 are taken over'])
  for (let i = 0; i < 3; i++) second.talk(local)
  t.ok(second.talk(local))
})

/** A director with connections of so many clients, killed. */
function killed(mode: Mode, clients = 1): { flows: SimulatedFlows; locals: string[] } {
  const director = new Kept(mode)
  director.rules()
  const locals = Array.from({ length: clients }, (_, i) => director.open(client(i)))
  locals.forEach((local, i) => director.talk(local, client(i)))
  return { flows: director.flows, locals }
}
const client = (index: number): string => `10.99.1.10:${4000 + index}`

t.test('a flow waits until its service, real server and local address are in the rules', async t => {
  const { flows } = killed('fullnat')
  const director = new Kept('fullnat', flows)
  const service = { protocol: 'tcp', ...endpoint(WEB) } as const
  const taken = (): number => {
    director.run(200)
    return director.director.conns.table.count
  }
  t.equal(taken(), 0)
  t.equal(director.director.flows!.adoption!.waiting, 2)
  director.must({ op: 'add-service', service, settings: serviceSettings('rr') })
  t.equal(taken(), 0)
  const settings = destinationSettings(1, { method: 'fullnat' })
  director.must({ op: 'add-destination', service, destination: endpoint('10.99.2.12:8080'), settings })
  director.must({ op: 'add-local-address', service, address: LIP })
  t.equal(taken(), 0, 'the only real server is another')
  director.must({ op: 'add-destination', service, destination: endpoint('10.99.2.11:8080'), settings })
  t.equal(taken(), 1)
  director.settle()
  t.ok(flows.isRemoved)
})

t.test('what no rule wants is given up after a minute', async t => {
  const { flows } = killed('nat', 3)
  const director = new Kept('nat', flows)
  director.run(59_000)
  t.notOk(flows.isRemoved)
  t.equal(flows.flows.size, 6)
  director.run(3000)
  t.ok(flows.isRemoved)
  const said = 'connections of an earlier director: 0 are taken over, 6 flows are of no real server in the rules'
  t.strictSame(director.said, [said])
  t.equal(director.director.flows!.adoption!.idleMs, Infinity)
})

t.test('a local side that another connection has is not taken twice', async t => {
  const { flows, locals } = killed('fullnat', 2)
  const director = new Kept('fullnat', flows)
  director.rules()
  director.settle()
  const { ports } = director.director.conns.fullnatKeys
  t.equal(ports.usesOf([...ports.uses.keys()][0]!), 2)
  const others = new Set<string>()
  for (let i = 0; i < 20; i++) others.add(director.open(`10.99.1.11:${5000 + i}`))
  t.equal(others.size, 20)
  for (const local of locals) t.notOk(others.has(local))
})

t.test('a connection whose time is over is not taken over', async t => {
  const first = new Kept('nat')
  first.must({ op: 'set-timeouts', timeouts: { tcp: 5, tcpfin: 0, udp: 0 } })
  first.rules()
  first.talk(first.open())
  const director = new Kept('nat', first.flows)
  director.run(6000)
  director.rules()
  director.settle()
  t.equal(director.director.conns.table.count, 0)
  t.equal(first.flows.flows.size, 0, 'its flows are withdrawn')
  t.strictSame(director.said, ['connections of an earlier director: 0 are taken over'])
})

t.test('it times out when it would have', async t => {
  const first = new Kept('nat')
  first.must({ op: 'set-timeouts', timeouts: { tcp: 30, tcpfin: 0, udp: 0 } })
  first.rules()
  first.talk(first.open())
  const director = new Kept('nat', first.flows)
  director.must({ op: 'set-timeouts', timeouts: { tcp: 30, tcpfin: 0, udp: 0 } })
  director.run(10_000)
  director.rules()
  director.run(10_000)
  t.equal(director.director.conns.table.count, 1)
  director.run(11_000)
  t.equal(director.director.conns.table.count, 0)
})

t.test('a table that is full takes what it can', async t => {
  const { flows } = killed('nat', 6)
  const director = new Kept('nat', flows, new SimulatedFlows(), 4)
  director.rules()
  director.settle()
  t.equal(director.director.conns.table.count, 4)
  t.match(director.said, [/^connections of an earlier director: 4 are taken over, for [24] there was no room$/])
  t.ok(flows.isRemoved)
})

t.test('many are taken over in turns that follow one another at once, however little comes', async t => {
  const clients = 1100
  const first = new Kept('nat', undefined, new SimulatedFlows(3000), 2048)
  first.rules()
  for (let i = 0; i < clients; i++) first.talk(first.open(client(i)), client(i))
  t.equal(first.flows.flows.size, 2 * clients)
  const director = new Kept('nat', first.flows, new SimulatedFlows(3000), 2048)
  director.rules()
  const { adoption } = director.director.flows!
  const { table } = director.director.conns
  const began = director.now
  for (let turns = 0; table.count < clients && turns < 20; turns++) director.poll(adoption!.idleMs)
  t.equal(table.count, clients)
  t.ok(director.now - began <= 60, `within ${director.now - began} ms`)
})

t.test('packets that are under way while a flow is taken over are counted', async t => {
  const { flows } = killed('nat')
  const director = new Kept('nat', flows)
  const late = [...flows.flows]
  director.rules()
  director.run(100)
  t.equal(director.director.conns.table.count, 1)
  const slot = late[0]![1]
  flows.slots[slot * 16 + 10]! += 1 + (100 << 24)
  director.settle()
  t.match(director.stats, { stats: { inPkts: 2 } })
})

t.test('reset gives up what waits', async t => {
  const { flows } = killed('nat')
  const director = new Kept('nat', flows)
  director.run(100)
  director.director.reset()
  t.ok(flows.isRemoved)
  director.rules()
  director.run(200)
  t.equal(director.director.conns.table.count, 0)
})

t.test('a director that lives says so, and for how long its flows are good', async t => {
  const director = new Kept('nat')
  director.rules()
  director.talk(director.open())
  t.strictSame(director.flows.kept, { seconds: 900 })
  const { beats } = director.flows
  director.run(100)
  t.equal(director.flows.beats, beats + 10)
})
