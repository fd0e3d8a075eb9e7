import t from 'tap'
import { execute } from '../../../src/control/operations/execute.js'
import { OPERATIONS } from '../../../src/control/operations/index.js'
import type { OffloadHere, OffloadInfo, Request } from '../../../src/control/protocol/api.js'
import type { DirectorOptions } from '../../../src/director/options.js'
import { BenchDirector, fromClient, fromServer, VIP } from '../../support/bench-director.js'
import { tcp4, udp4 } from '../../support/frames.js'
import { Chunk, sctp4 } from '../../support/sctp.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'
import { SimulatedFlows } from '../../support/simulated-flows.js'

const WEB = `${VIP}:80`
const SERVER = '10.99.2.11:8080'
const CLIENT = '10.99.1.10:4000'
const NOTHING: OffloadHere = {
  young: 0,
  changing: 0,
  tunnel: 0,
  noDf: 0,
  handOver: 0,
  sctp: 0,
  noServer: 0,
  noWay: 0,
  noRoom: 0,
  watched: 0,
  sampled: 0,
  due: 0,
}

/** A director with a service on port 80; `open` makes a connection that the program may forward. */
class Offloading extends BenchDirector {
  constructor(
    readonly flows: SimulatedFlows = new SimulatedFlows(16),
    options: Partial<DirectorOptions> = {},
  ) {
    super({ offload: flows, ...options })
    this.serve('tcp', WEB, SERVER)
  }
  open(client = CLIENT): void {
    this.begin(client)
    this.send('A', client)
    this.answer('A', client)
  }
  begin(client = CLIENT): void {
    this.send('S', client)
    this.answer('SA', client)
  }
  send(flags: string, client = CLIENT): void {
    this.receive('c', tcp4(`${client} > ${WEB}`, { ...fromClient, flags }))
    this.take()
  }
  answer(flags: string, client = CLIENT): void {
    this.receive('r', tcp4(`${SERVER} > ${client}`, { ...fromServer(), flags }))
    this.take()
  }
  get info(): OffloadInfo {
    return this.ask<'offload'>({ op: 'offload' }) as OffloadInfo
  }
  get here(): OffloadHere {
    return this.info.here
  }
}

t.test('what the program forwards, and where', async t => {
  const director = new Offloading()
  director.open()
  const { balanced } = director.info
  director.send('PA')
  t.strictSame(director.info, {
    interfaces: ['c', 'r'],
    after: 0,
    counts: {
      flows: 2,
      capacity: 16,
      entered: 2,
      refused: 0,
      evicted: 0,
      epochs: director.info.counts.epochs,
      packets: 1,
      octets: 40,
      lost: 0,
    },
    balanced,
    kept: { takenOver: 0, waiting: 0 },
    here: NOTHING,
  })
  t.equal(balanced, 4, 'of the handshake and after it')
  director.must({ op: 'add-route', to: '10.99.9.0/24', gateway: '10.99.2.11' })
  t.match(director.info, { counts: { flows: 2 }, here: { ...NOTHING, due: 2 } }, 'they are decided anew')
})

t.test('without a number of packets, it says the earliest and the latest', async t => {
  t.match(new Offloading(undefined, { offloadAfter: 3 }).info, { after: 3, latest: undefined })
  t.match(new Offloading(undefined, { offloadAfter: undefined } as object).info, { after: 2, latest: 8 })
})

t.test('flows stay here while their client has sent few packets, and while the state may change', async t => {
  const director = new Offloading(undefined, { offloadAfter: 3 })
  director.begin()
  t.strictSame(director.here, { ...NOTHING, changing: 2 }, 'not established')
  director.send('A')
  t.strictSame(director.here, { ...NOTHING, young: 1, due: 1 }, 'the answers’ flow needs one packet less')
  director.send('A')
  t.strictSame(director.here, { ...NOTHING, due: 1 }, 'the answers: none has come since')
  director.answer('A')
  t.strictSame(director.here, NOTHING)
  director.send('FA')
  t.strictSame(director.here, { ...NOTHING, changing: 2 }, 'closing')
})

t.test('flows stay here for their method, protocol and real server', async t => {
  const director = new Offloading()
  const tunnel = { type: 'gre', port: 0, checksum: 'full' } as const
  const add = (protocol: 'tcp' | 'udp' | 'sctp', port: number, method: 'tunnel' | 'fullnat' | 'masq'): void => {
    const service = { protocol, address: VIP, port } as const
    const clientAddress = method === 'fullnat' ? 'toa' : 'none'
    director.must({ op: 'add-service', service, settings: serviceSettings('rr', { clientAddress }) })
    const destination = { address: '10.99.2.12', port }
    director.must({
      op: 'add-destination',
      service,
      destination,
      settings: { ...destinationSettings(1, { method }), ...(method === 'tunnel' && { tunnel }) },
    })
  }
  add('udp', 53, 'tunnel')
  director.receive('c', udp4('10.99.1.10:4000 > 10.99.1.100:53', fromClient))
  t.strictSame(director.here, { ...NOTHING, tunnel: 1 }, 'answers do not come this way')
  add('sctp', 9, 'masq')
  director.receive('c', sctp4(`10.99.1.10:4000 > ${VIP}:9`, { ...fromClient, chunks: [Chunk.INIT] }))
  t.strictSame(director.here, { ...NOTHING, tunnel: 1, sctp: 2 })
  add('tcp', 81, 'fullnat')
  director.must({
    op: 'add-local-address',
    service: { protocol: 'tcp', address: VIP, port: 81 },
    address: '10.99.2.201',
  })
  director.receive('c', tcp4(`10.99.1.10:4000 > ${VIP}:81`, { ...fromClient, flags: 'S' }))
  t.strictSame(director.here, { ...NOTHING, tunnel: 1, sctp: 2, handOver: 2 })
  director.open()
  const [address, port] = SERVER.split(':')
  const gone: Request = {
    op: 'delete-destination',
    service: { protocol: 'tcp', address: VIP, port: 80 },
    destination: { address: address!, port: Number(port) },
  }
  director.must(gone)
  t.match(director.here, { noServer: 2 })
})

t.test('a persistence template is no flow', async t => {
  const director = new Offloading()
  const service = { protocol: 'tcp', address: VIP, port: 443 } as const
  director.must({ op: 'add-service', service, settings: serviceSettings('rr', { persistence: 60 }) })
  const destination = { address: '10.99.2.12', port: 443 }
  director.must({ op: 'add-destination', service, destination, settings: destinationSettings(1) })
  director.receive('c', tcp4(`${CLIENT} > ${VIP}:443`, { ...fromClient, flags: 'S' }))
  t.equal(director.director.conns.table.count, 2)
  t.strictSame(director.here, { ...NOTHING, changing: 2 })
})

t.test('flows into a tunnel are not entered while their client sends without DF', async t => {
  const director = new Offloading()
  const service = { protocol: 'udp', address: VIP, port: 53 } as const
  director.must({ op: 'add-service', service, settings: serviceSettings('rr') })
  const settings = destinationSettings(1, { method: 'tunnel' })
  director.must({ op: 'add-destination', service, destination: { address: '10.99.2.12', port: 53 }, settings })
  const send = (df: boolean): void => {
    director.receive('c', udp4(`${CLIENT} > ${VIP}:53`, { ...fromClient, df }))
    director.take()
  }
  send(false)
  send(false)
  t.match(director.info, { counts: { flows: 0, entered: 0 }, here: { ...NOTHING, noDf: 1 } })
  send(true)
  t.match(director.info, { counts: { flows: 1, entered: 1 }, here: NOTHING })
  send(false)
  t.match(director.info, { counts: { flows: 1 }, here: NOTHING }, 'it stays; this packet came up')
  send(true)
  t.equal(director.flows.wrapped, 1)
})

t.test('flows stay here without room, and without a program where they leave', async t => {
  const full = new Offloading(new SimulatedFlows(2))
  full.open('10.99.1.10:4000')
  full.open('10.99.1.11:4000')
  t.match(full.info, { counts: { flows: 2, capacity: 2 }, here: { ...NOTHING, noRoom: 2 } })
  t.ok(full.info.counts.refused > 0)
  const oneSided = new SimulatedFlows(16)
  oneSided.served = ['r']
  const director = new Offloading(oneSided)
  director.open()
  t.match(director.info, { interfaces: ['r'], counts: { flows: 1 }, here: { ...NOTHING, noWay: 1 } })
})

t.test('why there are none', async t => {
  const { director } = new BenchDirector()
  const off = (around = {}) => {
    const reply = execute(director, { op: 'offload' }, around)
    return reply.ok ? (reply.value as OffloadInfo) : reply.refusal
  }
  t.match(off({ notOffloaded: 'the director was started with --offload off' }), {
    off: 'the director was started with --offload off',
    interfaces: [],
    counts: { flows: 0, capacity: 0 },
    here: NOTHING,
  })
  const nowhere = new SimulatedFlows()
  nowhere.served = []
  t.match(new Offloading(nowhere).info, { off: 'the program runs before none of the interfaces', after: 0 })
})

t.test('frames that the program lost are a drop, and a reset forgets them', async t => {
  const director = new Offloading()
  t.match(director.ask({ op: 'verdicts' }), { 'drop-flow-unfinished': 0 })
  director.open()
  director.flows.lost = 3
  t.match(director.ask({ op: 'verdicts' }), { 'drop-flow-unfinished': 3 })
  t.match(director.ask({ op: 'figures' }), { verdicts: { 'drop-flow-unfinished': 3 }, offload: { flows: 2, lost: 3 } })
  director.ask({ op: 'reset' })
  const { counts } = director.info
  t.match(counts, { flows: 0, entered: 0, packets: 0, octets: 0, lost: 0 })
  director.flows.lost = 4
  t.equal(director.info.counts.lost, 1)
  t.notMatch(new BenchDirector().ask({ op: 'verdicts' }), { 'drop-flow-unfinished': Number })
})

t.test('a large table is counted in steps', async t => {
  const director = new Offloading(new SimulatedFlows(4096), { maxConnections: 4096 })
  for (let port = 1001; port <= 3000; port++) director.begin(`10.99.1.10:${port}`)
  const asked = OPERATIONS.offload.steps(director.director, { op: 'offload' }, {} as never)
  let steps = 0
  for (let step = asked.next(); ; step = asked.next()) {
    if (step.done) {
      t.strictSame(step.value.here, { ...NOTHING, changing: 4000 })
      break
    }
    steps++
  }
  t.ok(steps >= 3, `${steps} steps`)
})

t.test('workers count together; a change is one for all', async t => {
  const info = new Offloading()
  info.open()
  const { info: one } = info
  const counts = { ...one.counts, epochs: 5 }
  const merged = OPERATIONS.offload.merge([
    { ...one, counts: { ...counts, epochs: 4 } },
    { ...one, counts },
  ])
  t.match(merged, { interfaces: ['c', 'r'], counts: { flows: 4, capacity: 32, epochs: 5 }, balanced: 8 })
})
