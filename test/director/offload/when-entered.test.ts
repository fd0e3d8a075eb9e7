import t from 'tap'
import { IN_PKTS, RECORD_WORDS, type ConnIndex } from '../../../src/conn/record.js'
import { tcp4, udp4 } from '../../support/frames.js'
import { BenchDirector, fromClient, fromServer, VIP } from '../../support/bench-director.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'
import { SimulatedFlows } from '../../support/simulated-flows.js'

const SERVER = '10.99.2.11:8080'
const NAMES = '10.99.2.11:53'

/** A director that finds out by itself after how many packets flows are best entered. */
class Learning extends BenchDirector {
  readonly #flows: SimulatedFlows
  #port = 4000
  constructor() {
    const flows = new SimulatedFlows(256)
    super({ offload: flows, ...({ offloadAfter: undefined } as object) })
    this.#flows = flows
    for (const port of [80, 81]) this.serve('tcp', `${VIP}:${port}`, SERVER)
    this.serve('udp', `${VIP}:53`, NAMES)
  }
  get entered(): number {
    return this.director.flows!.figures.entered
  }

  /**
   * A connection whose client sends so many packets before its FIN; each but SYN and ACK is answered. Returns after how many of them the first flow
   * was entered; 0: none was.
   */
  connection(packets: number, service = 80): number {
    const client = `10.99.1.10:${this.#port++}`
    const before = this.entered
    let first = 0
    for (let sent = 1; sent <= packets; sent++) {
      const flags = sent === 1 ? 'S' : sent === 2 ? 'A' : 'PA'
      this.receive('c', tcp4(`${client} > ${VIP}:${service}`, { ...fromClient, flags }))
      if (sent !== 2) this.#answer(client, sent === 1 ? 'SA' : 'PA')
      if (first === 0 && this.entered > before) first = sent
    }
    this.#answer(client, 'FA')
    this.out()
    return first
  }
  /** So many datagrams of a client; the same. */
  datagrams(count: number, service = 53, from = '10.99.1.10'): number {
    const client = `${from}:${this.#port++}`
    const before = this.entered
    let first = 0
    for (let sent = 1; sent <= count; sent++) {
      this.receive('c', udp4(`${client} > ${VIP}:${service}`, fromClient))
      if (first === 0 && this.entered > before) first = sent
    }
    this.out()
    return first
  }
  /** A connection of five packets of its client's, the last two of them answered, that goes on. */
  lasting(client: string): void {
    for (const flags of ['S', 'A', 'A', 'PA', 'PA']) {
      this.receive('c', tcp4(`${client} > ${VIP}:80`, { ...fromClient, flags }))
      if (flags !== 'A') this.#answer(client, flags === 'S' ? 'SA' : 'PA')
    }
  }
  /** Whether the program forwards one more answer. */
  isAnswered(client: string): boolean {
    const before = this.#flows.forwarded
    this.#answer(client, 'PA')
    return this.#flows.forwarded > before
  }
  #answer(client: string, flags: string): void {
    this.receive('r', tcp4(`${SERVER} > ${client}`, { ...fromServer(), flags, payload: 10 }))
  }
}

t.test('of a service that nothing is known of, after four packets, the answers’ flow after three', async t => {
  const director = new Learning()
  t.equal(director.connection(20), 3)
  t.equal(new Learning().connection(3), 3)
  t.equal(new Learning().connection(2), 0)
})

t.test('of one whose connections are short not at all, unless one goes on', async t => {
  const director = new Learning()
  for (let i = 0; i < 20; i++) director.connection(5)
  t.equal(director.entered, 2, 'those of the first one')
  t.equal(director.connection(6), 0)
  t.equal(director.connection(40), 7)
  t.equal(director.connection(5), 0, 'a long one among short ones tells little')
})

t.test('of one whose connections are long at once', async t => {
  const director = new Learning()
  director.connection(20)
  t.equal(director.connection(20), 2)
  for (let i = 0; i < 30; i++) director.connection(4)
  t.equal(director.connection(4), 0, 'until they are short')
  for (let i = 0; i < 30; i++) director.connection(20)
  t.equal(director.connection(20), 2, 'and long again')
})

t.test('each service for itself', async t => {
  const director = new Learning()
  for (let i = 0; i < 5; i++) director.connection(5)
  t.equal(director.connection(20, 81), 3, 'nothing is known of the other one')
  t.equal(director.connection(20, 81), 2)
  t.equal(director.connection(5), 0)
})

t.test('datagrams tell when their connection has ended', async t => {
  const director = new Learning()
  t.equal(director.datagrams(1), 0)
  t.equal(director.datagrams(9), 4, 'none has ended')
  const other = new Learning()
  other.datagrams(1)
  other.poll(400_000)
  t.equal(other.director.conns.table.count, 0)
  t.equal(other.datagrams(7), 0)
  t.equal(other.datagrams(8), 8)
})

t.test('templates of persistence are no connections', async t => {
  const director = new Learning()
  const service = { protocol: 'udp', address: VIP, port: 54 } as const
  director.must({ op: 'add-service', service, settings: serviceSettings('rr', { persistence: 10 }) })
  const destination = { address: '10.99.2.11', port: 53 }
  director.must({ op: 'add-destination', service, destination, settings: destinationSettings(1) })
  director.poll()
  for (let i = 0; i < 20; i++) director.datagrams(9, 54, `10.99.1.${20 + i}`)
  t.equal(director.director.conns.table.count, 40)
  for (const now of [400_000, 800_000]) director.poll(now)
  t.equal(director.director.conns.table.count, 0)
  t.equal(director.datagrams(9, 54), 2)
})

t.test('a flow that was entered is entered anew, however short the others’ connections have become', async t => {
  const director = new Learning()
  director.connection(20)
  const client = '10.99.1.20:4000'
  director.lasting(client)
  t.ok(director.isAnswered(client))
  for (let i = 0; i < 30; i++) director.connection(4)
  t.equal(director.connection(6), 0, 'they are short')
  const flows = director.director.flows!
  flows.changed()
  t.notOk(director.isAnswered(client), 'this one enters it anew')
  t.ok(director.isAnswered(client))
  flows.watched.begin(() => true)
  t.notOk(director.isAnswered(client))
  flows.watched.begin(undefined)
  t.notOk(director.isAnswered(client))
  t.ok(director.isAnswered(client), 'after it was watched, too')
})

t.test('2^31 packets of a client are many, too', async t => {
  const director = new Learning()
  const client = '10.99.1.20:4000'
  director.lasting(client)
  const { words } = director.director.conns.table
  const records = Array.from({ length: words.length / RECORD_WORDS }, (_, i) => (i * RECORD_WORDS) as ConnIndex)
  const conn = records.find(at => words[at + IN_PKTS]! > 0)!
  words[conn + IN_PKTS] = -(2 ** 31)
  director.director.flows!.leave(conn)
  director.run(4000) // its slots rest
  t.notOk(director.isAnswered(client), 'this one enters it')
  t.ok(director.isAnswered(client))
  for (let i = 0; i < 30; i++) director.connection(4)
  t.equal(director.connection(6), 0, 'and as one connection they tell little')
})
