import t from 'tap'
import { arp, tcp4, udp4 } from '../../support/frames.js'
import { BenchDirector, fromClient, fromServer, MAC_C, VIP } from '../../support/bench-director.js'
import { SimulatedFlows } from '../../support/simulated-flows.js'

const WEB = `${VIP}:80`
const SERVER = '10.99.2.11:8080'

/** A director with a service on port 80 and the program; `open` makes a connection, `data` sends a segment of it. */
class Offloaded extends BenchDirector {
  readonly flows: SimulatedFlows
  constructor(slots = 16, offloadAfter = 0) {
    const flows = new SimulatedFlows(slots)
    super({ offload: flows, offloadAfter, ...(slots > 16 && { maxConnections: slots }) })
    this.flows = flows
    this.serve('tcp', WEB, SERVER)
    this.serve('udp', `${VIP}:53`, '10.99.2.11:53')
  }
  open(client: string, eth = fromClient): void {
    this.receive('c', tcp4(`${client} > ${WEB}`, { ...eth, flags: 'S' }))
    this.receive('r', tcp4(`${SERVER} > ${client}`, { ...fromServer(), flags: 'SA' }))
    this.receive('c', tcp4(`${client} > ${WEB}`, { ...eth, flags: 'A' }))
    this.answer(client)
    this.out()
  }
  data(client: string, eth = fromClient): string[] {
    this.receive('c', tcp4(`${client} > ${WEB}`, { ...eth, flags: 'PA', payload: 10 }))
    return this.out()
  }
  answer(client: string): string[] {
    this.receive('r', tcp4(`${SERVER} > ${client}`, { ...fromServer(), flags: 'PA', payload: 100 }))
    return this.out()
  }
  /** Whether the program forwards what `act` sends. */
  isForwarded(act: () => void): boolean {
    const before = this.flows.forwarded
    act()
    return this.flows.forwarded > before
  }
  get figures() {
    return this.director.flows!.figures
  }
}

t.test('both flows of an open connection are entered, and leave at its first FIN', async t => {
  const director = new Offloaded()
  const client = '10.99.1.10:4000'
  director.open(client)
  t.equal(director.figures.flows, 2)
  t.ok(director.isForwarded(() => director.data(client)))
  t.ok(director.isForwarded(() => director.answer(client)))
  director.receive('c', tcp4(`${client} > ${WEB}`, { ...fromClient, flags: 'FA' }))
  t.equal(director.figures.flows, 0)
  t.notOk(director.isForwarded(() => director.answer(client)))
  t.notOk(director.isForwarded(() => director.data(client)))
  t.equal(director.flows.flows.size, 0, 'their keys are withdrawn')
})

t.test('the client’s flow is entered by its fourth packet, the answers’ by the answer before that', async t => {
  const director = new Offloaded(16, 4)
  const client = '10.99.1.10:4000'
  const isUp = (act: () => void): boolean => !director.isForwarded(act)
  director.open(client)
  t.equal(director.figures.flows, 0, 'two packets')
  t.ok(isUp(() => director.data(client)))
  t.equal(director.figures.flows, 0, 'three')
  t.ok(isUp(() => director.answer(client)))
  t.equal(director.figures.flows, 1, 'the answer to the third')
  t.notOk(isUp(() => director.answer(client)))
  t.ok(isUp(() => director.data(client)))
  t.equal(director.figures.flows, 2, 'four')
  t.notOk(isUp(() => director.data(client)))
})

t.test('what the program forwarded counts', async t => {
  const director = new Offloaded()
  const client = '10.99.1.10:4000'
  director.open(client)
  const before = director.director.balancing.counters.live(0, 3)
  for (let i = 0; i < 1000; i++) director.data(client)
  const connection = director.ask<'connections'>({ op: 'connections', from: 0 })
  t.match(connection, { rows: [{ state: 'ESTABLISHED' }] })
  t.equal(director.director.balancing.counters.live(0, 3) - before, 1000 * 50, 'octets of the totals')
  t.equal(director.figures.packets, 1000)
  director.run(4000)
  t.match(director.services(), [{}, { destinations: [{ stats: { inPkts: 1002 } }] }])
})

t.test('a connection that only the program sees does not time out', async t => {
  const director = new Offloaded()
  director.ask({ op: 'set-timeouts', timeouts: { tcp: 5, tcpfin: 0, udp: 0 } })
  const [used, idle] = ['10.99.1.10:4000', '10.99.1.11:4000']
  for (const client of [used, idle]) director.open(client)
  for (let second = 0; second < 12; second++) {
    t.ok(director.isForwarded(() => director.data(used)))
    director.run(1000)
  }
  t.equal(director.director.conns.table.count, 1, 'the idle one has ended')
  t.equal(director.figures.flows, 2)
  t.notOk(director.isForwarded(() => director.data(idle)))
})

t.test('a slot is another flow’s only after a rest, and then its former packets come up', async t => {
  const director = new Offloaded(2)
  const [first, second] = ['10.99.1.10:4000', '10.99.1.11:4000']
  director.open(first)
  director.receive('c', tcp4(`${first} > ${WEB}`, { ...fromClient, flags: 'R' }))
  director.open(second)
  t.equal(director.figures.flows, 0)
  t.equal(director.figures.refused, 2, 'both slots rest')
  director.run(1100)
  t.notOk(
    director.isForwarded(() => director.data(second)),
    'this one enters it',
  )
  t.ok(director.isForwarded(() => director.data(second)))
  t.notOk(director.isForwarded(() => director.data(first)))
})

t.test('slots that have rested are free again', async t => {
  const director = new Offloaded()
  for (let port = 4000; port < 4010; port++) {
    const client = `10.99.1.10:${port}`
    director.open(client)
    t.equal(director.figures.flows, 2)
    t.strictSame([...director.flows.flows.values()].sort(), [1, 2])
    director.receive('c', tcp4(`${client} > ${WEB}`, { ...fromClient, flags: 'R' }))
    director.run(4000)
  }
})

t.test('where there is no room, idle flows make room', async t => {
  const director = new Offloaded(2)
  const [first, second] = ['10.99.1.10:4000', '10.99.1.11:4000']
  director.open(first)
  director.run(9000)
  director.open(second)
  t.equal(director.figures.refused, 2)
  director.run(6000)
  t.equal(director.figures.evicted, 2)
  t.ok(director.director.conns.table.count === 2, 'the connection goes on')
  director.data(second)
  t.ok(director.isForwarded(() => director.data(second)))
})

t.test('those idle for longest, and as many as found none', async t => {
  const director = new Offloaded(64)
  const clients = Array.from({ length: 34 }, (_, n) => `10.99.1.10:${4000 + n}`)
  // Not in the order of their slots: the later ones of the first 32 are used, then the others are not.
  for (const client of clients.slice(0, 32)) director.open(client)
  director.run(20_000)
  const [used, rested] = [clients.slice(0, 24), clients.slice(24, 32)]
  const use = (client: string): boolean => {
    director.answer(client)
    return director.isForwarded(() => director.data(client))
  }
  for (const client of used) t.ok(use(client))
  director.run(15_000)
  for (const client of clients.slice(32)) director.open(client)
  t.match(director.figures, { flows: 64, refused: 4, evicted: 0 })
  director.run(5000)
  t.match(director.figures, { flows: 60, evicted: 4 })
  for (const client of clients.slice(32)) {
    director.data(client)
    director.answer(client)
    t.ok(use(client), 'now they are forwarded')
  }
  for (const client of used) t.ok(use(client), 'though idle for 20 s, these were not the oldest')
  t.equal(rested.filter(use).length, 6, 'two connections, both ways of each')
})

t.test('a table without room refuses, and nothing is lost', async t => {
  const director = new Offloaded()
  director.flows.room = 1
  director.open('10.99.1.10:4000')
  t.match(director.figures, { flows: 1, refused: 1 })
  t.notOk(director.isForwarded(() => director.answer('10.99.1.10:4000')))
  t.equal(director.answer('10.99.1.10:4000').length, 1)
})

t.test('a MAC that changes is met by the next packet, without the director', async t => {
  const director = new Offloaded()
  const client = '10.99.1.77:4000'
  const [before, after] = ['02:00:00:00:01:77', '02:00:00:00:01:78']
  const heard = (senderMac: string): void => {
    const options = { senderMac, senderAddr: '10.99.1.77', targetAddr: '10.99.1.1' } as const
    director.receive('c', arp({ operation: 'request', ...options }))
    director.out()
  }
  heard(before)
  director.open(client, { eth: `${before} > ${MAC_C}` })
  t.match(director.answer(client), [/^c .*02:00:00:00:01:77|^c .*020000000177/])
  heard(after)
  let answered: string[] = []
  t.ok(director.isForwarded(() => (answered = director.answer(client))))
  t.match(answered, [/020000000178/])
})

t.test('a neighbour in use stays resolved; one that is forgotten takes its flows up', async t => {
  const director = new Offloaded()
  const client = '10.99.1.77:4000'
  const eth = { eth: `02:00:00:00:01:77 > ${MAC_C}` }
  const asked = {
    operation: 'request',
    senderMac: '02:00:00:00:01:77',
    senderAddr: '10.99.1.77',
    targetAddr: '10.99.1.1',
  } as const
  director.receive('c', arp(asked))
  director.open(client, eth)
  let requests = 0
  for (let second = 0; second < 100; second++) {
    t.ok(director.isForwarded(() => director.answer(client)) || second > 0)
    for (const line of director.run(1000)) {
      if (!line.includes('ARP') && !/0806/.test(line)) continue
      requests++
      director.receive('c', arp({ ...asked, operation: 'reply', targetMac: MAC_C }))
      director.out()
    }
  }
  t.ok(requests >= 2, `asked ${requests} times whether it is still there`)
  t.equal(director.director.held.learnt, 1)
  director.run(70_000)
  t.equal(director.director.held.learnt, 0)
  t.notOk(director.isForwarded(() => director.answer(client)))
})

t.test('many slots are looked at in shares, without waiting', async t => {
  const director = new Offloaded(12_000)
  const { flows } = director.director
  flows!.figures.flows = 70_000 // of which most are not there
  for (let port = 1000; port < 6000; port++) director.open(`10.99.1.10:${port}`)
  director.data('10.99.1.10:1000')
  const before = director.figures.packets
  let shares = 0
  for (let polls = 0; polls < 300; polls++) {
    director.poll(10)
    if (flows!.idleMs(1000) === 0) shares++
  }
  t.ok(shares >= 2, `${shares} polls are followed by the next one at once`)
  t.equal(director.figures.packets, before + 1)
  t.equal(flows!.idleMs(1000), 1000, 'then it waits for the next tick')
})

t.test('reset takes all flows away', async t => {
  const director = new Offloaded()
  director.open('10.99.1.10:4000')
  director.director.reset()
  t.equal(director.flows.flows.size, 0)
  t.equal(director.figures.flows, 0)
})

t.test('datagrams are flows, too', async t => {
  const director = new Offloaded()
  const client = '10.99.1.10:4000'
  director.receive('c', udp4(`${client} > ${VIP}:53`, fromClient))
  const answer = (): string => director.receive('r', udp4(`10.99.2.11:53 > ${client}`, fromServer()))
  answer() // the client's MAC is looked up by the whole path
  t.notOk(director.isForwarded(answer))
  t.ok(director.isForwarded(answer))
})

t.test('what is decided anew within a turn is not forwarded before it ends', async t => {
  const director = new Offloaded()
  const client = '10.99.1.10:4000'
  director.open(client)
  director.director.reset()
  director.serve('tcp', WEB, SERVER)
  director.receive('c', tcp4(`${client} > ${WEB}`, { ...fromClient, flags: 'S' }))
  director.receive('r', tcp4(`${SERVER} > ${client}`, { ...fromServer(), flags: 'SA' }))
  director.out()
  const { flows } = director.director
  const flush = flows!.flush.bind(flows)
  flows!.flush = () => undefined
  const epochs = (): number[] =>
    [...director.flows.flows.values()].map(slot => Math.sign(director.flows.slots[slot * 16]!))
  for (let i = 0; i < 2; i++) {
    director.data(client)
    t.strictSame(epochs(), [-1], 'its epoch is to come')
    flows!.changed()
  }
  director.data(client)
  flush()
  t.strictSame(epochs(), [1])
  t.ok(director.isForwarded(() => director.data(client)))
})

t.test('where there is room, but not in the flow’s place, the idlest of that place leaves, and no other', async t => {
  const director = new Offloaded(16)
  const table = Object.assign(director.flows, { most: 8 })
  // The flows of three connections have all six slots that those of a fourth may have, too.
  const clients = Array.from({ length: 4 }, (_, n) => `10.99.1.10:${4000 + n}`)
  Object.defineProperty(table, 'places', { value: 6 })
  const claim = table.claim.bind(table)
  table.claim = key => (table.flows.size < 6 ? claim(key) : 0)
  for (const client of clients.slice(0, 3)) director.open(client)
  t.match(director.figures, { flows: 6, refused: 0 })
  director.run(5000)
  director.data(clients[0]!)
  director.answer(clients[0]!)
  director.run(4000)
  const before = director.figures.refused
  director.open(clients[3]!)
  t.match(director.figures, { flows: 6, evicted: 0 }, 'none has been idle for long enough')
  t.ok(director.figures.refused > before)
  director.run(4000)
  t.equal(director.figures.evicted, 0, 'nobody else makes room')
  director.data(clients[3]!)
  t.match(director.figures, { flows: 5, evicted: 1 }, 'the flow’s next packet finds one')
  director.data(clients[3]!)
  t.match(director.figures, { evicted: 1 }, 'one that rests will be free')
  director.run(4000)
  director.data(clients[3]!)
  t.ok(director.isForwarded(() => director.data(clients[3]!)))
  t.ok(
    director.isForwarded(() => director.data(clients[0]!)),
    'this one was not the idlest',
  )
})
