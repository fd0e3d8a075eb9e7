import t from 'tap'
import type { Explanation } from '../../../src/control/protocol/explain.js'
import { BenchDirector, fromClient, fromServer, VIP } from '../../support/bench-director.js'
import { tcp4, udp4 } from '../../support/frames.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'
import { SimulatedFlows } from '../../support/simulated-flows.js'

/* Of flows that the program forwards those come up that somebody watches: all of their packets, and of no others. */

const WEB = `${VIP}:80`
const SERVER = '10.99.2.11:8080'
const CLIENT = '10.99.1.10:4000'

class Watched extends BenchDirector {
  readonly flows: SimulatedFlows
  constructor(flows = new SimulatedFlows(), options: ConstructorParameters<typeof BenchDirector>[0] = {}) {
    super({ offload: flows, ...options })
    this.flows = flows
    this.serve('tcp', WEB, SERVER)
    this.serve('udp', `${VIP}:53`, '10.99.2.11:53')
  }
  open(client = CLIENT): void {
    this.receive('c', tcp4(`${client} > ${WEB}`, { ...fromClient, flags: 'S' }))
    this.receive('r', tcp4(`${SERVER} > ${client}`, { ...fromServer(), flags: 'SA' }))
    for (const _ of [1, 2]) {
      this.data(0, client)
      this.answer(client)
    }
    this.out()
  }
  data(payload: number, client = CLIENT): void {
    this.receive('c', tcp4(`${client} > ${WEB}`, { ...fromClient, flags: 'PA', payload }))
  }
  answer(client = CLIENT): void {
    this.receive('r', tcp4(`${SERVER} > ${client}`, { ...fromServer(), flags: 'A', payload: 100 }))
  }
  query(): void {
    this.receive('c', udp4(`${CLIENT} > ${VIP}:53`, { ...fromClient, payload: 8 }))
  }
  /** How many of so many packets come up. */
  up(count: number, send: () => void): number {
    const before = this.flows.forwarded
    for (let i = 0; i < count; i++) send()
    return count - (this.flows.forwarded - before)
  }
  watch(filter: string, count = 100): void {
    this.must({ op: 'watch', filter, count })
  }
  told(): Explanation[] {
    const told = this.ask<'watched'>({ op: 'watched' })
    if (typeof told === 'string') throw new Error(told)
    return told.explanations
  }
  get here() {
    const info = this.ask<'offload'>({ op: 'offload' })
    return typeof info === 'string' ? undefined : info.here
  }
}

t.test('who watches others takes no flow from the program', async t => {
  const director = new Watched()
  director.open()
  const { epochs } = director.director.flows!.figures
  for (const filter of ['port 81', 'udp', 'tcp[tcpflags] & (tcp-syn|tcp-rst) != 0', 'host 10.99.1.11', 'icmp']) {
    director.watch(filter)
    t.equal(
      director.up(3, () => director.data(10)),
      0,
      filter,
    )
    t.equal(
      director.up(3, () => director.answer()),
      0,
      `${filter}: answers`,
    )
    t.match(director.here, { watched: 0, due: 0 })
    director.must({ op: 'unwatch' })
  }
  t.equal(director.director.flows!.figures.epochs, epochs, 'nor does the end of a watch')
})

t.test('each packet of a watched flow is seen, until the watch ends', async t => {
  const director = new Watched()
  director.open()
  director.watch('tcp dst port 80')
  t.match(director.here, { watched: 1, due: 0 })
  t.equal(
    director.up(5, () => director.data(10)),
    5,
  )
  t.equal(
    director.up(5, () => director.answer()),
    0,
    'the answers are of another flow',
  )
  const told = director.told()
  t.equal(told.length, 5)
  t.match(told[0]!.steps.at(-1), { step: 'offload', way: 'inbound', standing: 'watched' })
  director.must({ op: 'unwatch' })
  t.match(director.here, { watched: 0, due: 1 })
  t.equal(
    director.up(5, () => director.data(10)),
    1,
    'the next one is decided on',
  )
})

t.test('packets that the filter leaves do not take the flow away from those that it takes', async t => {
  const director = new Watched()
  director.open()
  director.watch('greater 500')
  let long = 0
  for (let i = 0; i < 12; i++) {
    const payload = i % 3 === 2 ? 600 : 10
    if (payload > 500) long++
    t.equal(
      director.up(1, () => director.data(payload)),
      1,
      `${payload} octets`,
    )
  }
  t.equal(director.told().length, long)
})

t.test('a flow that begins meanwhile is not handed to the program', async t => {
  const director = new Watched()
  director.watch('udp dst port 53')
  director.open()
  t.equal(
    director.up(2, () => director.data(10)),
    0,
    'this one may be',
  )
  t.equal(
    director.up(5, () => director.query()),
    5,
  )
  t.match(director.here, { watched: 1 })
  t.equal(director.told().length, 5)
  director.must({ op: 'unwatch' })
  director.query()
  t.equal(
    director.up(5, () => director.query()),
    0,
  )
})

t.test('a watch of something else lets the flows go back', async t => {
  const director = new Watched()
  director.open()
  director.watch('tcp', 1)
  director.data(10)
  director.answer() // ends it
  t.equal(director.told().length, 1)
  director.watch('udp')
  director.up(1, () => director.data(10))
  t.equal(
    director.up(3, () => director.data(10)),
    0,
  )
})

t.test('changes meanwhile do not bring watched flows back to the program', async t => {
  const director = new Watched()
  director.open()
  director.watch('dst port 80')
  director.must({ op: 'add-route', to: '10.99.9.0/24', gateway: '10.99.2.11' })
  t.equal(
    director.up(3, () => director.data(10)),
    3,
  )
  t.equal(
    director.up(3, () => director.answer()),
    1,
    'others are decided anew',
  )
  t.equal(director.told().length, 3)
})

t.test('into a tunnel, too', async t => {
  const director = new Watched()
  const service = { protocol: 'udp', address: VIP, port: 54 } as const
  director.must({ op: 'add-service', service, settings: serviceSettings('rr') })
  const settings = destinationSettings(1, { method: 'tunnel' })
  director.must({ op: 'add-destination', service, destination: { address: '10.99.2.12', port: 54 }, settings })
  const send = () => {
    director.receive('c', udp4(`${CLIENT} > ${VIP}:54`, { ...fromClient, df: true }))
    director.take()
  }
  director.up(3, send)
  t.equal(director.up(2, send), 0)
  director.watch('port 54 and less 100')
  t.equal(director.up(4, send), 4)
  t.equal(director.told().length, 4)
})

t.test('what the program had forwarded of a watched flow is counted once', async t => {
  const director = new Watched()
  director.open()
  director.run(4000)
  const packets = (): number => director.director.balancing.counters.live(0, 1)
  const before = packets()
  director.up(10, () => director.data(10))
  director.watch('tcp')
  director.up(10, () => director.data(10))
  director.must({ op: 'unwatch' })
  director.up(10, () => director.data(10))
  director.run(4000)
  t.equal(packets() - before, 30)
})

t.test('many flows are looked at in shares, one turn after the other', async t => {
  const FLOWS = 10_000
  const director = new Watched(new SimulatedFlows(FLOWS), { maxConnections: FLOWS })
  for (const _ of [1, 2])
    for (let i = 0; i < FLOWS; i++) {
      director.receive('c', udp4(`10.99.1.10:${1000 + i} > ${VIP}:53`, { ...fromClient, payload: 8 }))
      director.take()
    }
  const { flows } = director.director
  t.equal(flows!.figures.flows, FLOWS)
  director.watch('udp dst port 53')
  let turns = 0
  for (; flows!.idleMs(1000) === 0; turns++) director.poll()
  t.equal(turns, 2, 'behind the first share')
  t.match(director.here, { watched: FLOWS })
  director.must({ op: 'unwatch' })
  t.equal(flows!.idleMs(1000), 1000)
})

t.test('of a watch that may have so many flows come up: they do, and of more than that none', async t => {
  const director = new Watched()
  const clients = ['10.99.1.10:2001', '10.99.1.10:2002', '10.99.1.10:2003']
  for (const client of clients) director.open(client)
  const watch = (flows: number, port = 80): void =>
    director.must({ op: 'watch', filter: `tcp dst port ${port}`, count: 100, flows })
  const up = (): number => clients.reduce((so, client) => so + director.up(3, () => director.data(8, client)), 0)
  watch(3)
  director.poll()
  t.match(director.here, { watched: 3 })
  t.strictSame(director.ask({ op: 'watched' }), { explanations: [], isOver: false })
  t.equal(up(), 9)
  director.must({ op: 'unwatch' })
  t.equal(up(), 3, 'each is entered again')
  for (const flows of [2, 0]) {
    watch(flows)
    t.match(director.here, { watched: 0 })
    director.poll()
    t.equal(up(), 0)
    t.strictSame(director.ask({ op: 'watched' }), { explanations: [], isOver: false, leavesFlows: true })
    director.must({ op: 'unwatch' })
  }
})
