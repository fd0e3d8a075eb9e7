import t, { type Test } from 'tap'
import type { Control, OperationName, Reply, Request, ServiceInfo } from '../../../../src/control/protocol/api.js'
import { Transactions } from '../../../../src/control/rules/transactions.js'
import { hostSockets } from '../../../../src/keepalived/checkers/host-sockets.js'
import type { CheckedService } from '../../../../src/keepalived/health/checked-service.js'
import { HealthChecker } from '../../../../src/keepalived/health/health-checker.js'
import { isChange } from '../../../../src/keepalived/health/rehearse-reload.js'
import { snapshotOf } from '../../../../src/keepalived/health/snapshot.js'
import { Gate } from '../../../../src/keepalived/rules/change-requests.js'
import { RuleWriter } from '../../../../src/keepalived/rules/rule-writer.js'
import { reloadWhole, type Reload } from '../../../../src/cli/uvs/director/whole-reload.js'
import { BenchDirector } from '../../../support/bench-director.js'
import { destinationSettings, serviceSettings } from '../../../support/settings.js'
import { real, virtual } from '../../../keepalived/health/options.js'

const own = { protocol: 'tcp', address: '10.9.9.9', port: 1 } as const
/** The service of `virtual()`. */
const KEY = { protocol: 'tcp', address: '10.1.1.1', port: 80 } as const

/** Servers without checks: those of a file are up, and weigh what is said. */
const servers = (count: number, weight = 1) =>
  Array.from({ length: count }, (_, i) => real(i + 1, weight, { checkers: [] }))

/** A director whose rules are those of `services`, and one of somebody else; what it is asked may be refused. */
async function running(t: Test, services: CheckedService[], refuses: (request: Request) => boolean = () => false) {
  const bench = new BenchDirector()
  await bench.control.call({ op: 'add-service', service: own, settings: serviceSettings('rr') })
  const asked: Request[] = []
  const control: Control = {
    async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
      if (request.op !== 'batch') return bench.control.call(request)
      const { requests } = request as Request<'batch'>
      asked.push(...requests)
      const replies = await Promise.all(
        requests.map(async each =>
          refuses(each) ? { ok: false, refusal: 'EINVAL', message: 'a test' } : bench.control.call(each),
        ),
      )
      return { ok: true, value: replies } as Reply<O>
    },
  }
  const director = new Transactions(control, () => new BenchDirector().director)
  const told: string[] = []
  const gate = new Gate(director)
  const writer = new RuleWriter(gate, message => void told.push(message))
  const files = new Map<string, number>()
  const checker = new HealthChecker({
    services,
    settings: { rsInitNotifies: false },
    act: action => (isChange(action) ? writer.change(action) : action.kind === 'log' && void told.push(action.line)),
    sockets: hostSockets,
    fileValue: name => files.get(name) ?? 0,
    isSuspended: () => false,
  })
  t.teardown(() => checker.stop())
  checker.start()
  await writer.written()
  const parts = { director, checker, writer, gate }
  const steps: string[] = []
  const reload = (wanted: CheckedService[], more: Partial<Reload> = {}) =>
    reloadWhole(parts, {
      services: wanted,
      settings: { rsInitNotifies: false },
      begin: () => void steps.push('begin'),
      follow: () => void steps.push('follow'),
      undo: () => void steps.push('undo'),
      ...more,
    })
  const rules = (): string[] =>
    (bench.services() as ServiceInfo[]).flatMap(service =>
      service.destinations.map(({ address, weight }) => `${address}=${weight}`),
    )
  return { bench, director, checker, writer, told, asked, steps, reload, rules, files }
}

t.test('a reload larger than a batch is carried out, and the writer goes on from there', async t => {
  const { reload, rules, steps, asked, checker, bench, told } = await running(t, [virtual(servers(200))])
  t.equal(rules().length, 200)
  asked.length = 0
  const done = await reload([virtual(servers(190, 3))])
  t.strictSame(done, { changes: { 'edit-destination': 190, 'delete-destination': 10 }, connections: 0, left: [] })
  t.strictSame(new Set(rules().map(rule => rule.split('=')[1])), new Set(['3']))
  t.equal(rules().length, 190)
  t.equal(asked.length, 200, 'the writer sent none of it again')
  t.strictSame(steps, ['begin', 'follow'])
  t.equal(checker.services[0]!.servers.length, 190)
  t.not(bench.services(own), 'ESRCH')
  t.notOk(told.some(line => line.includes('there')))
})

t.test('one of many changes is refused: nothing is half applied, and the next reload is as good as any', async t => {
  let isRefusing = true
  const started = await running(t, [virtual(servers(200))], request => {
    return isRefusing && request.op === 'edit-destination' && request.destination.address === '10.1.2.150'
  })
  const { reload, rules, steps, checker, told } = started
  const before = [rules(), snapshotOf(checker.services)]
  told.length = 0
  const wanted = [virtual([...servers(180, 2)], { scheduler: 'rr' })]
  await t.rejects(reload(wanted), /edit-destination.*a test; everything is as before$/)
  t.strictSame(new Set(rules()), new Set(before[0] as string[]))
  t.strictSame(snapshotOf(checker.services), before[1], 'the checks know nothing of it')
  t.match(started.bench.services(KEY), [{ scheduler: 'wrr' }])
  t.strictSame([steps, told], [['begin', 'undo'], []])
  isRefusing = false
  await reload(wanted)
  t.equal(rules().length, 180)
  t.match(started.bench.services(KEY), [{ scheduler: 'rr' }])
})

t.test('the virtual routers cannot follow: the rules are as before', async t => {
  const { reload, rules, steps, checker } = await running(t, [virtual(servers(3))])
  const before = rules()
  const follow = (): void => {
    t.strictSame(
      rules(),
      before.map(rule => rule.replace('=1', '=5')),
      'the rules come first',
    )
    throw new Error('no socket')
  }
  await t.rejects(reload([virtual(servers(3, 5))], { follow }), { message: 'no socket; everything is as before' })
  t.strictSame([rules(), steps], [before, ['begin', 'undo']])
  t.equal(checker.services[0]!.servers[0]!.options.weight, 1)
})

t.test('what checks find out meanwhile waits', async t => {
  const file = { kind: 'FILE_CHECK', trackFile: 'F', weight: 0, isReverse: false } as const
  const tracked = (weight: number) => [
    virtual([real(1, weight, { checkers: [file] }), real(2, weight, { checkers: [] })]),
  ]
  const { reload, rules, checker, writer, files } = await running(t, tracked(1))
  const follow = (): void => {
    files.set('F', 1)
    checker.fileChanged('F', 1)
    t.ok(rules().includes('10.1.2.1=4'))
  }
  await reload(tracked(4), { follow })
  await writer.written()
  t.notOk(
    rules().some(rule => rule.startsWith('10.1.2.1=')),
    'the server is out, after the reload',
  )
})

t.test('rules that somebody changed by hand', async t => {
  const { reload, rules, director, bench } = await running(t, [virtual(servers(3))])
  await director.call({ op: 'delete-destination', service: KEY, destination: { address: '10.1.2.1', port: 80 } })
  await director.call({
    op: 'add-destination',
    service: KEY,
    destination: { address: '10.1.2.77', port: 80 },
    settings: destinationSettings(9),
  })
  const { left } = await reload([virtual(servers(3, 2))])
  t.strictSame(left, ['10.1.2.1:80 of tcp 10.1.1.1:80 is not there: it is left alone'])
  t.strictSame(new Set(rules()), new Set(['10.1.2.77=9', '10.1.2.2=2', '10.1.2.3=2']))
  await director.call({ op: 'delete-service', service: KEY })
  t.equal((await reload([virtual(servers(3, 4), { scheduler: 'rr' })])).left.length, 4)
  await reload([])
  t.not(bench.services(own), 'ESRCH')
})
