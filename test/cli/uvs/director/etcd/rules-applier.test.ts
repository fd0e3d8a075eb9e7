import t, { type Test } from 'tap'
import { RulesApplier } from '../../../../../src/cli/uvs/director/etcd/rules-applier.js'
import type { Control, OperationName, Reply, Request } from '../../../../../src/control/protocol/api.js'
import { Transactions } from '../../../../../src/control/rules/transactions.js'
import { FleetKeys } from '../../../../../src/fleet/fleet-keys.js'
import type { FleetKv } from '../../../../../src/fleet/fleet-rules.js'
import { RuleKeys } from '../../../../../src/fleet/follow/rule-keys.js'
import { BenchDirector } from '../../../../support/bench-director.js'

/** The value of a service on this port, with real servers of these weights. */
function web(port: number, ...weights: number[]): string {
  const destinations = weights.map((weight, i) => ({ address: `10.99.2.${i + 11}`, port: 80, weight }))
  return JSON.stringify({
    version: 1,
    service: { protocol: 'tcp', address: '10.99.1.100', port, scheduler: 'rr', destinations },
  })
}

const makeTrial = () => new BenchDirector().director

/** A director that is to have what keys hold. `refuses`: what it refuses although a trial takes it. */
function applying() {
  const bench = new BenchDirector()
  const of: { asked: Request[]; refuses(request: Request): boolean } = { asked: [], refuses: () => false }
  const control: Control = {
    async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
      of.asked.push(request as Request)
      if (request.op !== 'batch') return bench.control.call(request)
      const { requests } = request as Request<'batch'>
      const replies = []
      for (const each of requests)
        replies.push(
          of.refuses(each) ? { ok: false, refusal: 'EINVAL', message: 'a test' } : await bench.control.call(each),
        )
      return { ok: true, value: replies } as Reply<O>
    },
  }
  const told: string[] = []
  const applier = new RulesApplier({
    director: new Transactions(control, makeTrial),
    makeTrial,
    tell: line => void told.push(line),
  })
  const known = new RuleKeys(new FleetKeys('/u'))
  let revision = 0
  const applied = async () => {
    const update = known.update()
    try {
      return await applier.apply(update)
    } catch (error) {
      known.takeBack(update)
      throw error
    }
  }
  const kvOf = ([key, value]: [string, string]): FleetKv => ({ key: `/u/${key}`, value, modRevision: ++revision })
  return {
    bench,
    of,
    told,
    /** Puts keys, deletes those without a value, and applies. */
    async apply(keys: Record<string, string | undefined>) {
      of.asked.length = 0
      known.take(
        Object.entries(keys).map(([key, value]) =>
          value === undefined
            ? { deleted: `/u/${key}` }
            : { put: { ...kvOf([key, value]), createRevision: 1, lease: undefined } },
        ),
      )
      return applied()
    },
    again() {
      applier.doubtAll()
      return applied()
    },
    /** `80 11=1,12=2`, one each, sorted. */
    rules: () =>
      (bench.services() as { port?: number; mark?: number; destinations: { address: string; weight: number }[] }[])
        .map(
          ({ port, mark, destinations }) =>
            `${port ?? `mark ${mark}`} ${destinations
              .map(({ address, weight }) => `${address.slice(8)}=${weight}`)
              .sort()
              .join()}`,
        )
        .sort(),
  }
}

const changesOf = async (t: Test, applied: Promise<{ changes: object }>, changes: object): Promise<void> =>
  void t.strictSame((await applied).changes, changes)

t.test('only what differs is changed, and of one service only that one is read', async t => {
  const { bench, of, apply, rules } = applying()
  bench.serve('tcp', '10.99.1.100:1', '10.99.2.11:80')
  const all = { 'services/a': web(80, 1, 1), 'services/b': web(81, 1), rules: '-A -f 7 -s rr\n' }
  await changesOf(t, apply(all), { 'delete-service': 1, 'add-service': 3, 'add-destination': 3 })
  t.strictSame(rules(), ['80 11=1,12=1', '81 11=1', 'mark 7 '])
  await changesOf(t, apply({ 'services/a': web(80, 1, 2) }), { 'edit-destination': 1 })
  t.strictSame(
    of.asked.map(({ op }) => op),
    ['services', 'batch'],
  )
  t.match(of.asked[0], { service: { port: 80 } })
  await changesOf(t, apply({ 'services/a': web(80, 1, 2) }), {})
  await changesOf(t, apply({ 'services/b': undefined, 'services/c': web(82) }), {
    'delete-service': 1,
    'add-service': 1,
  })
  await changesOf(t, apply({ 'services/c': undefined, 'services/d': web(82) }), {})
  await changesOf(t, apply({ 'services/d': web(83) }), { 'delete-service': 1, 'add-service': 1 })
  await changesOf(t, apply({ rules: '-A -f 8 -s rr\n' }), { 'delete-service': 1, 'add-service': 1 })
  await changesOf(t, apply({ rules: undefined }), { 'delete-service': 1 })
  t.strictSame(rules(), ['80 11=1,12=2', '83 '])
})

t.test('many at once', async t => {
  const { apply, rules } = applying()
  const many = Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`services/${i}`, web(1000 + i, 1)]))
  await changesOf(t, apply(many), { 'add-service': 700, 'add-destination': 700 })
  const edited = Object.fromEntries(Object.keys(many).map((key, i) => [key, web(1000 + i, 2)]))
  await changesOf(t, apply(edited), { 'edit-destination': 700 })
  t.equal(rules().length, 700)
})

t.test('what a trial or the director refuses is named, and nothing has changed', async t => {
  const { of, apply, again, rules, told } = applying()
  await apply({ 'services/a': web(80, 1), 'services/b': web(81, 1) })
  const before = rules()
  for (const [keys, message] of [
    [
      { 'services/a': web(80, 2), 'services/c': web(82, 1).replace('rr', 'nosuch') },
      /^\/u\/services\/c: no such scheduler/,
    ],
    [
      { 'services/d': web(83, 1).replace('rr', 'nosuch') },
      /^\/u\/services\/c: no such scheduler.* \(and 1 more key\)$/,
    ],
    [
      { 'services/d': undefined, 'services/c': web(82, 1, 1).replace('2.12', '2.11') },
      /^\/u\/services\/c: 10\.99\.2\.11:80: /,
    ],
    [
      { 'services/c': undefined, rules: '-A -f 7 -s rr\n-a -f 7 -r 10.99.2.1 -w x\n' },
      /^\/u\/rules: line 2: .*\(-a -f 7/,
    ],
    [{ rules: '-A -t 10.99.1.100:81 -s rr' }, /^\/u\/services\/b: tcp 10\.99\.1\.100:81 is a service of the rules/],
  ] as const) {
    await t.rejects(apply(keys), { message })
    t.strictSame(rules(), before)
  }
  of.refuses = request => 'service' in request && 'port' in request.service && request.service.port === 81
  await t.rejects(apply({ rules: undefined, 'services/b': web(81, 3) }), { message: /a test; everything is as before/ })
  t.strictSame(rules(), before, 'all of it')
  await t.rejects(again(), { message: /a test; everything is as before/ })
  t.strictSame(rules(), before, 'again')
  of.refuses = () => false
  await again()
  t.strictSame(rules(), ['80 11=2', '81 11=3'])
  t.strictSame(told, [])
})

t.test('a part that the director refuses half-way is undone, and no other service is touched', async t => {
  const { of, apply, rules } = applying()
  await apply({ 'services/a': web(80, 1), 'services/b': web(81, 1), 'services/c': web(82, 1) })
  const before = rules()
  of.refuses = request => 'service' in request && 'port' in request.service && request.service.port === 81
  await t.rejects(apply({ 'services/a': web(80, 2), 'services/b': web(81, 3) }), {
    message: /a test; everything is as before/,
  })
  t.strictSame(rules(), before)
  of.refuses = () => false
  await apply({})
  t.strictSame(rules(), ['80 11=2', '81 11=3', '82 11=1'])
})

t.test('what was added beside it stands, however much changes, until all is doubted', async t => {
  const { bench, apply, again, rules } = applying()
  await apply({ 'services/a': web(80, 1) })
  bench.serve('tcp', '10.99.1.100:9', '10.99.2.11:80')
  const many = Array.from({ length: 300 }, (_, i): [string, string] => [`services/${i}`, web(1000 + i, 1)])
  await changesOf(t, apply(Object.fromEntries(many)), { 'add-service': 300, 'add-destination': 300 })
  await changesOf(t, apply({ rules: '-A -f 8 -s rr\n' }), { 'add-service': 1 })
  t.ok(rules().includes('9 11=1'))
  await changesOf(t, again(), { 'delete-service': 1 })
})

t.test('what was changed beside it is undone where it is met, and told', async t => {
  const { bench, apply, again, rules, told } = applying()
  await apply({ 'services/a': web(80, 1), 'services/b': web(81, 1) })
  const key = { protocol: 'tcp', address: '10.99.1.100', port: 81 } as const
  await bench.control.call({ op: 'delete-service', service: key })
  await apply({ 'services/a': web(80, 2) })
  t.strictSame(rules(), ['80 11=2'], 'it stands as long as nobody looks')
  await changesOf(t, again(), { 'add-service': 1, 'add-destination': 1 })
  t.strictSame(told, ['etcd: a change made beside it: - -D -t 10.99.1.100:81: what etcd holds counts'])
  bench.serve('tcp', '10.99.1.100:99', '10.99.2.11:80')
  await changesOf(t, again(), { 'delete-service': 1 })
  t.match(told[1], /2 changes made beside it: \+ -A -t 10\.99\.1\.100:99 -s rr, …/)
  await bench.control.call({ op: 'delete-service', service: key })
  await apply({ 'services/b': web(81, 5) })
  t.equal(told.length, 3, 'a part, too')
  t.strictSame(rules(), ['80 11=2', '81 11=5'])
})
