import t from 'tap'
import { allServices } from '../../../src/control/protocol/all-services.js'
import type {
  Control,
  OperationName,
  Reply,
  Request,
  RuleChange,
  ServiceInfo,
} from '../../../src/control/protocol/api.js'
import { connectControl } from '../../../src/control/socket/client.js'
import { serveControl } from '../../../src/control/socket/server.js'
import { batchesOf, Transactions } from '../../../src/control/rules/transactions.js'
import type { Director } from '../../../src/director/director.js'
import { BenchDirector, fromClient } from '../../support/bench-director.js'
import { tcp4 } from '../../support/frames.js'
import { destinationSettings, serviceSettings } from '../../support/settings.js'
import { tempDir } from '../../support/temp.js'

const service = { protocol: 'tcp', address: '10.99.1.100', port: 80 } as const
const other = { ...service, port: 81 }
const server = (last: number) => ({ address: `10.99.2.${last}`, port: 80 })
const add = (key: typeof service | typeof other): RuleChange => ({
  op: 'add-service',
  service: key,
  settings: serviceSettings('rr'),
})
const give = (key: typeof service | typeof other, last: number, weight = 1): RuleChange => ({
  op: 'add-destination',
  service: key,
  destination: server(last),
  settings: destinationSettings(weight),
})

/** `control`: stands before the bench's own. */
function make(control?: (own: Control) => Control) {
  const bench = new BenchDirector()
  const transactions = new Transactions(
    control ? control(bench.control) : bench.control,
    () => new BenchDirector().director,
  )
  return { bench, transactions, client: transactions.client() }
}

const rules = (bench: BenchDirector): string[] =>
  (bench.services() as ServiceInfo[]).flatMap(info => [
    `${'port' in info ? info.port : ''} ${info.scheduler}`,
    ...info.destinations.map(dest => `${dest.address} ${dest.weight}`),
  ])

t.test('what is staged becomes the rules; what stays keeps its connections, counts and scheduler position', async t => {
  const { bench, client } = make()
  bench.serve('tcp', '10.99.1.100:80', '10.99.2.11:80', '10.99.2.12:80', '10.99.2.13:80')
  bench.serve('tcp', '10.99.1.100:443', '10.99.2.11:80')
  const chosen = (port: number): string => {
    bench.receive('c', tcp4(`10.99.1.10:${port} > 10.99.1.100:80`, fromClient))
    return /10\.99\.2\.\d+/.exec(bench.out().join())?.[0] ?? bench.changes().toString()
  }
  t.equal(chosen(1), '10.99.2.13')
  t.strictSame(await client.call({ op: 'begin' }), { ok: true, value: null })
  t.strictSame(
    await client.call({
      op: 'stage',
      requests: [add(service), give(service, 13), give(service, 12), give(service, 11)],
    }),
    { ok: true, value: { accepted: 4 } },
  )
  t.strictSame(await client.call({ op: 'stage', requests: [add(other)] }), { ok: true, value: { accepted: 1 } })
  t.match(await client.call({ op: 'plan', from: 0 }), {
    ok: true,
    value: { rows: [{ request: { op: 'add-service' } }, { request: { op: 'delete-service' } }], next: null },
  })
  t.equal(rules(bench).length, 6, 'a plan changes nothing')
  t.strictSame(await client.call({ op: 'commit' }), {
    ok: true,
    value: { changes: { 'add-service': 1, 'delete-service': 1 }, connections: 0 },
  })
  t.match(bench.services(service), [{ destinations: [{ activeConns: 1 }, {}, {}] }])
  t.equal(chosen(2), '10.99.2.12', 'the scheduler goes on')
  t.match(bench.services(other), [{ destinations: [] }])
  t.equal(bench.services({ ...service, port: 443 }), 'ESRCH')
})

t.test('a rule that is refused is told by its place, and nothing has changed', async t => {
  const { bench, client } = make()
  bench.serve('tcp', '10.99.1.100:80', '10.99.2.11:80')
  const before = rules(bench)
  await client.call({ op: 'begin' })
  t.match(await client.call({ op: 'stage', requests: [add(other), give(other, 12), add(other), give(other, 13)] }), {
    value: { accepted: 2, refused: { refusal: 'EEXIST' } },
  })
  client.close()
  t.strictSame(rules(bench), before)
})

/** Refuses edits to weight 7. */
const refusing = (own: Control): Control => ({
  async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
    const asked = request as Request
    if (asked.op !== 'batch') return own.call(request)
    const replies = await Promise.all(
      asked.requests.map(each =>
        each.op === 'edit-destination' && each.settings.weight === 7
          ? ({ ok: false, refusal: 'EINVAL', message: 'a test' } as const)
          : own.call<typeof each.op>(each),
      ),
    )
    return { ok: true, value: replies } as Reply<O>
  },
})

t.test('a step that the director refuses after all undoes those before it', async t => {
  const { bench, client } = make(refusing)
  bench.serve('tcp', '10.99.1.100:80', '10.99.2.11:80', '10.99.2.12:80')
  bench.serve('udp', '10.99.1.100:53', '10.99.2.11:53')
  const before = bench.services()
  await client.call({ op: 'begin' })
  await client.call({ op: 'stage', requests: [add(other), give(other, 11), add(service), give(service, 11, 7)] })
  t.match(await client.call({ op: 'commit' }), {
    ok: false,
    refusal: 'EINVAL',
    message: /edit-destination.*a test; everything is as before$/,
  })
  t.strictSame(bench.services(), before)
  t.match(await client.call({ op: 'commit' }), { ok: false, refusal: 'ENOENT' }, 'it is over')
})

const weigh = (last: number, weight: number): RuleChange =>
  ({ ...give(service, last, weight), op: 'edit-destination' }) as RuleChange

t.test('changes beside other rules, more than a batch holds: all of them or none', async t => {
  const { bench, transactions } = make(refusing)
  bench.serve('tcp', '10.99.1.100:80', ...Array.from({ length: 200 }, (_, i) => `10.99.2.${i + 11}:80`))
  bench.serve('udp', '10.99.1.100:53', '10.99.2.11:53')
  const before = bench.services()
  const all = Array.from({ length: 200 }, (_, i) => weigh(i + 11, 2))
  let followed = 0
  const follow = (): void => void followed++
  t.match(await transactions.changeAll([...all.slice(0, 199), weigh(210, 7)], follow), {
    ok: false,
    message: /a test; everything is as before$/,
  })
  t.strictSame(bench.services(), before)
  t.equal(followed, 0)
  t.match(await transactions.changeAll([...all, weigh(211, 2)], follow), {
    ok: true,
    value: { changes: { 'edit-destination': 200 }, left: [/^10.99.2.211:80 of tcp 10.99.1.100:80 is not there/] },
  })
  t.equal(followed, 1)
  t.equal(rules(bench).filter(line => line.endsWith(' 2')).length, 200)
  t.ok(rules(bench).includes('53 rr'))
})

t.test('what follows the changes throws: they are undone', async t => {
  const { bench, transactions } = make()
  bench.serve('tcp', '10.99.1.100:80', '10.99.2.11:80')
  const before = bench.services()
  const changed = transactions.changeAll([weigh(11, 3), add(other)], () => {
    t.equal(rules(bench).length, 3)
    throw new Error('no socket')
  })
  const late = transactions.call(give(service, 12))
  await t.rejects(changed, { message: 'no socket; everything is as before' })
  t.match(await late, { ok: true }, 'others had waited')
  await transactions.call({ op: 'delete-destination', service, destination: server(12) })
  t.strictSame(bench.services(), before)
})

t.test('one is open at a time: the next begins when it ends, whichever way', async t => {
  const { transactions, client } = make()
  await client.call({ op: 'begin' })
  t.match(await client.call({ op: 'begin' }), { ok: false, refusal: 'EEXIST' })
  const [second, third] = [transactions.client(), transactions.client()]
  let begun = ''
  const gone = second.call({ op: 'begin' })
  const waiting = third.call({ op: 'begin' }).then(() => (begun += 'third'))
  second.close()
  await new Promise(resolve => setImmediate(resolve))
  t.equal(begun, '')
  await client.call({ op: 'commit' })
  t.match(await gone, { ok: false })
  await waiting
  third.close()
  t.match(await client.call({ op: 'begin' }), { ok: true })
  client.close()
})

t.test('other changes wait while a transaction is carried out, listings do not', async t => {
  const gate: { open?: () => void } = {}
  const closed = new Promise<void>(resolve => (gate.open = resolve))
  const { bench, transactions, client } = make(own => ({
    async call(request) {
      if (request.op === 'batch') await closed
      return own.call(request)
    },
  }))
  await client.call({ op: 'begin' })
  await client.call({ op: 'stage', requests: [add(service)] })
  const committed = client.call({ op: 'commit' })
  const order: string[] = []
  const change = transactions.call(add(other)).then(() => order.push('change'))
  t.match(await allServices(transactions), { ok: true, value: [] })
  order.push('listing')
  gate.open?.()
  t.match(await committed, { ok: true })
  order.push('commit')
  await change
  t.strictSame(order, ['listing', 'commit', 'change'])
  t.strictSame(rules(bench).toSorted(), ['80 rr', '81 rr'])
})

const group = (size: number) => Array.from({ length: size }, () => ({ request: add(service), connections: 0 }))
const sizes = (...groups: number[]): number[] => [...batchesOf(groups.map(group))].map(batch => batch.length)

t.test('a batch holds 128 changes at the most, those of a service together where they fit', async t => {
  t.strictSame(sizes(), [])
  t.strictSame(sizes(100, 28, 1), [128, 1])
  t.strictSame(sizes(100, 29), [100, 29])
  t.strictSame(sizes(1, 300, 1), [1, 128, 128, 45])
})

t.test('over the socket a transaction is its connection’s, and goes with it', async t => {
  const { bench, transactions } = make()
  const path = `${tempDir(t)}/uvs.sock`
  const socket = await serveControl(path, transactions)
  t.teardown(() => socket.close())
  const [one, two] = [connectControl(path), connectControl(path)]
  t.teardown(() => two.close())
  t.match(await one.call({ op: 'begin' }), { ok: true })
  t.match(await one.call({ op: 'stage', requests: [add(service)] }), { value: { accepted: 1 } })
  t.match(await two.call({ op: 'stage', requests: [add(other)] }), { ok: false, refusal: 'ENOENT' })
  const begun = two.call({ op: 'begin' })
  one.close()
  t.match(await begun, { ok: true })
  await two.call({ op: 'stage', requests: [add(other)] })
  t.match(await two.call({ op: 'commit' }), { ok: true })
  t.strictSame(rules(bench), ['81 rr'])
})

t.test('others have their turn while many rules are compared', async t => {
  const { client } = make()
  await client.call({ op: 'begin' })
  const requests = Array.from({ length: 6000 }, (_, at): RuleChange => {
    const address = `10.7.${at >> 8}.${at & 255}`
    return { op: 'add-service', service: { protocol: 'tcp', address, port: 80 }, settings: serviceSettings('rr') }
  })
  await client.call({ op: 'stage', requests })
  let turns = 0
  let isDone = false
  const turn = (): void => {
    turns++
    if (!isDone) setImmediate(turn)
  }
  setImmediate(turn)
  t.match(await client.call({ op: 'plan', from: 0 }), { ok: true, value: { rows: { length: 256 }, next: 256 } })
  isDone = true
  t.ok(turns > 3, `${turns} turns`)
})

const emptyDirector = (): Director => new BenchDirector().director

t.test('a plan says who else sets the rules', async t => {
  for (const holder of ['etcd', 'keepalived.conf', undefined] as const) {
    const client = new Transactions(new BenchDirector().control, emptyDirector, holder).client()
    await client.call({ op: 'begin' })
    const value = { rows: [], ...(holder && { holder }), next: null }
    t.strictSame(await client.call({ op: 'plan', from: 0 }), { ok: true, value })
  }
})
