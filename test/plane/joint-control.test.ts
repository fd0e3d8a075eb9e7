import t from 'tap'
import { allServices } from '../../src/control/protocol/all-services.js'
import { allFigures } from '../../src/control/protocol/all-figures.js'
import type {
  Answer,
  ConnectionInfo,
  Control,
  DirectorFigures,
  OperationName,
  Operations,
  Request,
  ServiceFigures,
  ServiceInfo,
  TotalsInfo,
} from '../../src/control/protocol/api.js'
import { JointControl } from '../../src/plane/joint-control.js'
import { replyOfJson } from '../../src/control/protocol/reply-json.js'
import { seededRandom } from '../../src/director/random.js'
import { BenchDirector, fromClient, fromServer, type Sent, VIP } from '../support/bench-director.js'
import { packetOf, tcp4, udp4 } from '../support/frames.js'
import { addrText, readU16 } from '../support/octets.js'
import { destinationSettings, serviceSettings } from '../support/settings.js'
import { SteeredBench } from './steered.js'

const tcp = (port: number) => ({ protocol: 'tcp', address: VIP, port }) as const
const server = (n: number, port = 80) => ({ address: `10.99.2.${n}`, port })
const LIP = '10.99.2.201'

type Wires = Pick<SteeredBench, 'receive' | 'poll' | 'take'>

async function ask<O extends OperationName>(control: Control, request: Request<O>): Promise<Operations[O]['value']> {
  const reply: Answer<Operations[O]['value']> = await control.call(request)
  if (!reply.ok) throw new Error(`${request.op}: ${reply.refusal} ${reply.message}`)
  return reply.value
}
async function connections(control: Control): Promise<ConnectionInfo[]> {
  const rows: ConnectionInfo[] = []
  for (let from: number | null = 0; from !== null;) {
    const page: Operations['connections']['value'] = await ask(control, { op: 'connections', from })
    rows.push(...page.rows)
    from = page.next
  }
  return rows
}
async function services(control: Control): Promise<ServiceInfo[]> {
  const all = await allServices(control)
  if (!all.ok) throw new Error(all.message)
  return all.value
}

async function figuresOf(control: Control): Promise<ServiceFigures[]> {
  const all: ServiceFigures[] = []
  for await (const page of allFigures(control)) all.push(...page)
  return all
}

/** NAT, persistent NAT, FULLNAT, UDP and a mark's service, over two or three real servers. */
async function serve(control: Control): Promise<void> {
  const persistent = { persistence: 300 }
  const all: Request[] = [
    { op: 'add-service', service: tcp(80), settings: serviceSettings('wlc') },
    { op: 'add-service', service: tcp(81), settings: serviceSettings('lc', persistent) },
    { op: 'add-service', service: tcp(82), settings: serviceSettings('lc') },
    { op: 'add-local-address', service: tcp(82), address: LIP },
    { op: 'add-service', service: { ...tcp(53), protocol: 'udp' }, settings: serviceSettings('sed') },
    { op: 'add-mark', rule: { protocol: 'tcp', to: VIP, ports: [{ first: 90, last: 99 }], mark: 9 } },
    { op: 'add-service', service: { mark: 9 }, settings: serviceSettings('nq') },
  ]
  for (const request of all) await ask(control, request)
  for (const [service, method] of [
    [tcp(80), 'masq'],
    [tcp(81), 'masq'],
    [tcp(82), 'fullnat'],
    [{ ...tcp(53), protocol: 'udp' }, 'masq'],
    [{ mark: 9 }, 'masq'],
  ] as const)
    for (const [n, weight] of [
      [11, 3],
      [12, 1],
      [13, 2],
    ] as const) {
      const destination = 'mark' in service ? server(n, 0) : server(n, 8000)
      const settings = destinationSettings(weight, { method, upperThreshold: n === 12 ? 6 : 0 })
      await ask(control, { op: 'add-destination', service, destination, settings })
    }
}

/** Each real server answers what came to it. */
function answer(wires: Wires, sent: readonly Sent[]): void {
  for (const { link, frame } of sent) {
    if (link !== 'r' || readU16(frame, 12) !== 0x0800) continue
    const packet = packetOf(frame)
    const [src, dst] = [addrText(packet.slice(12, 16)), addrText(packet.slice(16, 20))]
    const flow = `${dst}:${readU16(packet, 22)} > ${src}:${readU16(packet, 20)}`
    const from = fromServer(Number(dst.split('.')[3]))
    if (packet[9] === 17) wires.receive('r', udp4(flow, { ...from, payload: 90 }))
    else
      wires.receive(
        'r',
        tcp4(flow, { ...from, flags: (packet[33]! & 2) === 0 ? 'A' : 'SA', payload: packet[33]! & 15 }),
      )
  }
}

/** Frames of 20 clients, the same for whoever is given the same seed. Answers what the wires have said. */
function traffic(wires: Wires, seed: number, steps: number): string[] {
  const random = seededRandom(seed)
  const verdicts: string[] = []
  for (let step = 0; step < steps; step++) {
    const client = `10.99.1.${10 + (random() % 20)}`
    const port = [80, 81, 82, 53, 93, 53, 82][random() % 7]!
    const flow = `${client}:${2000 + (random() % 6)} > ${VIP}:${port}`
    const flags = ['S', 'S', 'A', 'A', 'FA', 'R'][random() % 6]!
    const payload = random() % 200
    const frame = port === 53 ? udp4(flow, { ...fromClient, payload }) : tcp4(flow, { ...fromClient, flags, payload })
    verdicts.push(wires.receive('c', frame))
    answer(wires, wires.take())
    wires.take()
    if (random() % 4 === 0) wires.poll(10 * (random() % 300))
  }
  return verdicts
}

/** What a connection is, but for the port that each worker draws for itself. */
function known(row: ConnectionInfo): string {
  return JSON.stringify({ ...row, lport: 0 })
}
/** Rates are rounded by each worker for itself. */
function withoutRates<T>(value: T): T {
  return JSON.parse(JSON.stringify(value, (name, field: unknown) => (name === 'rates' ? undefined : field))) as T
}

for (const of of [2, 3, 7])
  t.test(
    `the same frames through one director and through ${of} workers: all that can be asked is the same`,
    async t => {
      const one = new BenchDirector()
      const many = new SteeredBench(of)
      for (const { control } of [one, many]) await serve(control)
      for (const round of [1, 2, 3]) {
        const [expected, met] = [one, many].map(wires => traffic(wires, 100 * of + round, 400))
        t.strictSame(met, expected, `round ${round}: verdicts`)
        t.ok(expected!.filter(verdict => verdict === 'balanced').length > 200)
        t.strictSame(withoutRates(await services(many.control)), withoutRates(await services(one.control)))
        const [rows, rowsOfMany] = [await connections(one.control), await connections(many.control)]
        t.ok(rows.length > 40, `${rows.length} connections`)
        t.strictSame(rowsOfMany.map(known).sort(), rows.map(known).sort())
        const totals = (await ask(many.control, { op: 'totals' })) as TotalsInfo
        const { workers, ...expectedTotals } = (await ask(one.control, { op: 'totals' })) as TotalsInfo
        t.equal(totals.workers.length, of)
        t.equal(workers.length, 1)
        t.ok(totals.workers.filter(({ conns }) => conns > 0).length > 1, 'more than one had connections')
        t.strictSame(withoutRates({ ...totals, workers: [] }), withoutRates({ ...expectedTotals, workers: [] }))
        for (const [name, rate] of Object.entries(expectedTotals.rates)) {
          const apart = Math.abs(totals.rates[name as 'cps'] - rate)
          t.ok(apart <= 2 * of, `rate ${name}: ${totals.rates[name as 'cps']} and ${rate}`)
        }
        t.strictSame(await ask(many.control, { op: 'verdicts' }), await ask(one.control, { op: 'verdicts' }))
        const pages = await Promise.all([one, many].map(({ control }) => figuresOf(control)))
        t.strictSame(pages[1], pages[0])
        const figures = (await ask(many.control, { op: 'figures' })) as DirectorFigures
        const {
          connections: conns,
          localPorts,
          verdicts,
          totals: live,
        } = (await ask(one.control, { op: 'figures' })) as DirectorFigures
        const { capacity, ...occupied } = figures.connections
        t.equal(capacity, 1024 * of)
        t.strictSame({ ...conns, ...occupied }, conns)
        t.strictSame([figures.localPorts, figures.verdicts, figures.totals], [localPorts, verdicts, live])
        if (round === 2) for (const { control } of [one, many]) await ask(control, { op: 'zero' })
      }
      // Everybody's time is up: no count is left anywhere.
      for (const wires of [one, many]) for (let i = 0; i < 20; i++) wires.poll(60_000)
      for (const { destinations } of await services(many.control))
        for (const { activeConns, inactConns, persistConns } of destinations)
          t.strictSame([activeConns, inactConns, persistConns], [0, 0, 0])
      t.strictSame(many.problems, [])
    },
  )

t.test('the connections of a real server are ended in all workers', async t => {
  const many = new SteeredBench(3)
  await serve(many.control)
  traffic(many, 5, 300)
  const destination = server(11, 8000)
  const mine = (await connections(many.control)).filter(
    ({ vport, daddr }) => vport === 53 && daddr === destination.address,
  )
  t.ok(mine.length > 20)
  t.strictSame(await ask(many.control, { op: 'connections', from: 2 ** 40 }), { rows: [], next: null })
})

t.test(
  'changes are made by all in one order, whoever asks meanwhile; what the first refuses nobody is asked',
  async t => {
    const many = new SteeredBench(3)
    const asked: Promise<unknown>[] = []
    const random = seededRandom(3)
    for (let i = 0; i < 300; i++) {
      const service = tcp(1 + (random() % 4))
      const destination = server(11 + (random() % 3))
      const request: Request[] = [
        { op: 'add-service', service, settings: serviceSettings('rr') },
        { op: 'add-destination', service, destination, settings: destinationSettings(i) },
        { op: 'edit-destination', service, destination, settings: destinationSettings(i) },
        { op: 'delete-destination', service, destination },
        { op: 'delete-service', service },
        { op: 'services' },
        {
          op: 'batch',
          requests: [
            { op: 'delete-service', service },
            { op: 'add-service', service, settings: serviceSettings('lc') },
          ],
        },
        { op: 'reset' },
      ]
      asked.push(many.control.call(request[random() % (i % 50 === 0 ? 8 : 7)]!))
    }
    await Promise.all(asked)
    const [first, ...others] = many.benches.map(bench => bench.services() as ServiceInfo[])
    t.ok(first!.length > 1)
    for (const other of others) t.strictSame(other, first)
    t.strictSame(many.problems, [])
    const kept = first!.reduce((sum, { destinations }) => sum + destinations.length, 0)
    t.ok(many.benches[0]!.director.balancing.destinations.shared!.held >= kept)
    await ask(many.control, { op: 'reset' })
    t.equal(many.benches[0]!.director.balancing.destinations.shared!.held, 0)
    t.match(await many.control.call({ op: 'delete-service', service: tcp(80) }), { ok: false, refusal: 'ESRCH' })
  },
)

t.test('sysctls and timeouts are set in all', async t => {
  const many = new SteeredBench(2)
  t.equal(await ask(many.control, { op: 'set-sysctl', name: 'sloppy_tcp', value: '1' }), '1')
  await ask(many.control, { op: 'set-timeouts', timeouts: { tcp: 77, tcpfin: 0, udp: 0 } })
  for (const { director } of many.benches) {
    t.equal(director.sysctls.sloppyTcp, 1)
    t.equal(director.conns.timeouts.get().tcp, 77)
  }
  t.match(await ask(many.control, { op: 'timeouts' }), { tcp: 77 })
  t.ok(
    ((await ask(many.control, { op: 'sysctls' })) as [string, string][]).some(
      ([name, value]) => name === 'sloppy_tcp' && value === '1',
    ),
  )
})

t.test('persistence for more than a worker’s clients is refused, in a line that says what to do', async t => {
  const many = new SteeredBench(2)
  const wide = serviceSettings('rr', { persistence: 60, netmask: '255.255.255.0' })
  const refused = {
    ok: false,
    refusal: 'EOPNOTSUPP',
    message:
      '-M 255.255.255.0 groups clients that the director spreads over several workers: start it with --steer-mask 255.255.255.0, or with one worker',
  }
  t.strictSame(await many.control.call({ op: 'add-service', service: tcp(80), settings: wide }), refused)
  await ask(many.control, { op: 'add-service', service: tcp(80), settings: { ...wide, persistence: 0 } })
  t.strictSame(await many.control.call({ op: 'edit-service', service: tcp(80), settings: wide }), refused)
  const steered = new SteeredBench(2, { clientMask: (0xffffff00 | 0) as never })
  await ask(steered.control, { op: 'add-service', service: tcp(80), settings: wide })
})

const willing = (op: string): string =>
  op === 'batch' ? '{"ok":true,"value":[{"ok":true,"value":null}]}' : '{"ok":true,"value":null}'
const unwilling = (op: string): string => {
  const refusal = '{"ok":false,"refusal":"EINVAL","message":"not I"}'
  return op === 'batch' ? `{"ok":true,"value":[${refusal}]}` : refusal
}

t.test('should workers not agree, it is said', async t => {
  const problems: string[] = []
  const workers = [willing, unwilling].map((answer): Control => ({
    call: async ({ op }) => replyOfJson(answer(op)) as never,
  }))
  const control = new JointControl(workers, problem => problems.push(problem))
  t.match(await control.call({ op: 'flush' }), { ok: false, refusal: 'EINVAL' })
  await control.call({ op: 'batch', requests: [{ op: 'delete-service', service: tcp(80) }] })
  t.strictSame(problems, [
    'workers do not agree: flush was refused by some: not I',
    'workers do not agree: batch was refused by some: not I',
  ])
})
