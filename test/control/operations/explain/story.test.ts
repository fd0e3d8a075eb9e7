import t from 'tap'
import { fieldsOf } from '../../../../src/control/operations/explain/frame-fields.js'
import { Story } from '../../../../src/control/operations/explain/story.js'
import type { ExplainedStep, Explanation } from '../../../../src/control/protocol/explain.js'
import { BenchDirector, fromClient, fromServer, VIP } from '../../../support/bench-director.js'
import { icmp4, packetOf, tcp4, udp4 } from '../../../support/frames.js'
import { randomFrom } from '../../../support/random.js'
import { destinationSettings } from '../../../support/settings.js'

const PACKETS = Number(process.env['UVS_PACKETS'] ?? 100_000)
const SEED = Number(process.env['UVS_SEED'] ?? 20_261_130)

/** What is told of each frame that the director gets from now on. */
function explained(bench: BenchDirector): Explanation[] {
  const told: Explanation[] = []
  bench.director.watchBy(
    (link, slab, at, len) => new Story(bench.director, bench.now, link, slab, at, len, tell => told.push(tell())),
  )
  return told
}
function stepOf<S extends ExplainedStep['step']>(
  { steps }: Explanation,
  step: S,
): (ExplainedStep & { step: S }) | undefined {
  return steps.find((each): each is ExplainedStep & { step: S } => each.step === step)
}

t.test('a connection is opened: each decision, whom the scheduler saw, what was rewritten', async t => {
  const bench = new BenchDirector()
  bench.serveBy('wlc', 'tcp', `${VIP}:80`, '10.99.2.11:80 2', '10.99.2.12:80 0', '10.99.2.13:80 1')
  const told = explained(bench)
  bench.turn('c', tcp4(`10.99.1.10:1024 > ${VIP}:80`, { ...fromClient, flags: 'S' }))
  const [syn] = told as [Explanation]
  t.equal(syn.packet, `TCP 10.99.1.10:1024 > ${VIP}:80 S, ttl 64, 54 octets`)
  t.strictSame(
    syn.steps.map(({ step }) => step),
    ['connection', 'service', 'scheduler', 'route', 'sent'],
  )
  t.strictSame(stepOf(syn, 'service'), { step: 'service', mark: 0, service: `TCP ${VIP}:80`, scheduler: 'wlc' })
  const scheduler = stepOf(syn, 'scheduler')!
  t.equal(scheduler.chosen, '10.99.2.13:80')
  t.strictSame(
    scheduler.candidates.map(({ server, refused, view }) => [server, refused ?? view]),
    [
      ['10.99.2.13:80', '0 ÷ 1 = 0'],
      ['10.99.2.12:80', 'weight-0'],
      ['10.99.2.11:80', '0 ÷ 2 = 0'],
    ],
  )
  const changed = new Map(stepOf(syn, 'sent')!.changed.map(([name, before, after]) => [name, [before, after]]))
  t.strictSame(changed.get('ip.dst'), [VIP, '10.99.2.13'])
  t.strictSame(changed.get('ip.ttl'), ['64', '63'])
  t.notOk(changed.has('tcp.dstport'))
  t.match([syn.verdict, syn.connection], ['balanced', { state: 'SYN_RECV', daddr: '10.99.2.13', dport: 80 }])
})

t.test('tunnels: the outer headers are the tunnel’s, the inner ones are compared', async t => {
  const bench = new BenchDirector()
  bench.serve('udp', `${VIP}:53`, '10.99.2.11:53')
  t.equal(
    bench.ask({
      op: 'edit-destination',
      service: { protocol: 'udp', address: VIP, port: 53 },
      destination: { address: '10.99.2.11', port: 53 },
      settings: destinationSettings(1, { method: 'tunnel', tunnel: { type: 'gue', port: 6080, checksum: 'none' } }),
    }),
    null,
  )
  const told = explained(bench)
  bench.turn('c', udp4(`10.99.1.10:1024 > ${VIP}:53`, { ...fromClient, payload: 8 }))
  const changed = new Map(stepOf(told[0]!, 'sent')!.changed.map(([name, , after]) => [name, after]))
  t.equal(changed.get('tunnel.ip.dst'), '10.99.2.11')
  t.equal(changed.get('tunnel.udp.dstport'), '6080')
  t.notOk(changed.has('ip.dst'), 'the inner destination is the VIP still')
})

/** Packets of all sorts to services of several schedulers; some are answers, errors, broken or for nobody. */
function randomFrame(random: () => number): ['c' | 'r', Uint8Array] {
  const below = (most: number): number => Math.floor(random() * most)
  const client = `10.99.1.${10 + below(20)}:${1024 + below(40)}`
  const port = [80, 81, 82, 53, 9][below(5)]!
  const server = 11 + below(4)
  const flags = ['S', 'SA', 'A', 'PA', 'FA', 'R', 'A', 'A'][below(8)]!
  const payload = below(60)
  switch (below(8)) {
    case 0:
      return ['c', udp4(`${client} > ${VIP}:53`, { ...fromClient, payload })]
    case 1:
    case 2:
      return ['r', tcp4(`10.99.2.${server}:${port} > ${client}`, { ...fromServer(server), flags, payload })]
    case 3: {
      const payloadOf = packetOf(tcp4(`${client} > 10.99.2.${server}:${port}`))
      return [
        'r',
        icmp4(`10.99.2.${server} > 10.99.1.10`, { type: 3, code: 1, ...fromServer(server), payload: payloadOf }),
      ]
    }
    case 4: {
      const frame = tcp4(`${client} > ${VIP}:${port}`, { ...fromClient, flags, payload })
      frame[14 + below(frame.length - 14)] = below(256)
      return ['c', below(2) === 0 ? frame : frame.slice(0, 14 + below(frame.length - 13))]
    }
    default:
      return ['c', tcp4(`${client} > ${VIP}:${port}`, { ...fromClient, flags, payload })]
  }
}

t.test(`what is said is what happens, of ${PACKETS} packets`, async t => {
  const random = randomFrom(SEED)
  const bench = new BenchDirector({ maxConnections: 400 })
  bench.serveBy('wlc', 'tcp', `${VIP}:80`, '10.99.2.11:80 3', '10.99.2.12:80 1', '10.99.2.13:80 0')
  bench.serveBy('rr', 'tcp', `${VIP}:81`, '10.99.2.11:81', '10.99.2.14:81')
  bench.serveBy('mh', 'tcp', `${VIP}:82`, '10.99.2.11:82', '10.99.2.12:82', '10.99.2.14:82')
  bench.serveBy('sh', 'udp', `${VIP}:53`, '10.99.2.13:53', '10.99.2.14:53')
  const told = explained(bench)
  const faults: string[] = []
  const fault = (is: boolean, what: string, explanation: Explanation): void => {
    if (!is) faults.push(`seed ${SEED}: ${what}: ${JSON.stringify(explanation)}`)
  }
  for (let i = 0; i < PACKETS && faults.length === 0; i++) {
    const [link, frame] = randomFrame(random)
    const verdict = bench.receive(link, frame.slice())
    const sent = bench.take()
    const explanation = told.pop()!
    fault(told.length === 0, 'more than one', explanation)
    fault(explanation.verdict === verdict, `verdict ${verdict}`, explanation)
    fault(explanation.octets === Buffer.from(frame).toString('hex'), 'another frame', explanation)
    const steps = explanation.steps.filter(each => each.step === 'sent')
    fault(steps.length === sent.length, `${sent.length} frames`, explanation)
    for (const [at, { frame: left }] of sent.entries()) {
      const step = steps[at]!
      fault(step.octets === left.length, 'octets', explanation)
      const now = new Map(fieldsOf(new DataView(left.buffer, left.byteOffset, left.length), 0, left.length))
      for (const [name, , after] of step.changed) fault((now.get(name) ?? '–') === after, name, explanation)
      const names = new Set(step.changed.map(([name]) => name))
      for (const [name, before] of explanation.fields)
        if (!names.has(name)) fault(now.get(name) === before, `${name} is not said to change`, explanation)
    }
    const chosen = stepOf(explanation, 'scheduler')?.chosen
    const { connection } = explanation
    if (chosen !== undefined && verdict === 'balanced')
      fault(`${connection?.daddr}:${connection?.dport}` === chosen, 'chosen', explanation)
    if (i % 50 !== 0) continue
    bench.run(20)
    bench.take()
  }
  t.strictSame(faults, [])
})
