import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { AppliedServices } from '../../../../../src/cli/uvs/director/etcd/applied-services.js'
import { type Beside, ChangedBeside } from '../../../../../src/cli/uvs/director/etcd/changed-beside.js'
import type {
  Control,
  OperationName,
  Reply,
  Request,
  ServiceInfo,
  ServiceKey,
} from '../../../../../src/control/protocol/api.js'
import { Transactions } from '../../../../../src/control/rules/transactions.js'
import { BenchDirector } from '../../../../support/bench-director.js'

const makeTrial = () => new BenchDirector().director
const keyOf = (port: number) => ({ protocol: 'tcp', address: '10.99.1.100', port }) as const
const isOf80 = (service: ServiceKey): boolean => 'port' in service && service.port === 80
const server = { address: '10.99.2.11', port: 80 }
const byHand = {
  weight: (port: number, weight: number): Request => {
    const settings = { method: 'masq', weight, upperThreshold: 0, lowerThreshold: 0 } as const
    return { op: 'edit-destination', service: keyOf(port), destination: server, settings }
  },
  deletion: (port: number): Request => ({ op: 'delete-service', service: keyOf(port) }),
  addition: (port: number): Request => {
    const settings = { scheduler: 'rr', persistence: 0, netmask: '255.255.255.255', onePacket: false, schedFlags: 0 }
    return { op: 'add-service', service: keyOf(port), settings }
  },
}

/** A director with these services of a fleet. `reads`: what is asked for. `meanwhile`: done before a reading is answered. */
function scene(t: Test, ...ports: number[]) {
  const bench = new BenchDirector()
  for (const port of ports) bench.serve('tcp', `10.99.1.100:${port}`, '10.99.2.11:80')
  const services = new AppliedServices(bench.services() as ServiceInfo[])
  const of = { reads: [] as Request[], meanwhile: async (): Promise<void> => {}, told: [] as string[], changes: 0 }
  const control: Control = {
    async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
      if (request.op !== 'services') return bench.control.call(request)
      const reply = await bench.control.call(request)
      of.reads.push(request)
      await of.meanwhile()
      return reply
    },
  }
  const transactions = new Transactions(control, makeTrial)
  const tell = (line: string): void => void of.told.push(line)
  const beside = new ChangedBeside({ control, services: () => services, changed: () => void of.changes++, tell })
  transactions.watch(beside)
  t.teardown(() => beside.close())
  return {
    of,
    bench,
    beside,
    services,
    transactions,
    async found(...requests: Request[]): Promise<Beside | undefined> {
      of.reads.length = 0
      for (const request of requests) t.match(await transactions.call(request), { ok: true })
      await sleep(60)
      return beside.found
    },
    async readAgain(requests: Request[]): Promise<ServiceInfo[]> {
      for (const request of requests) await bench.control.call(request)
      return bench.services() as ServiceInfo[]
    },
  }
}

t.test('a service that is changed, deleted or added by hand is found, and only it is read', async t => {
  const { found, of } = scene(t, 80, 81, 82)
  t.equal(await found(), undefined)
  const first = 'tcp 10.99.1.100:81'
  t.strictSame(await found(byHand.weight(81, 7)), { changed: 1, added: 0, first })
  t.match(of.reads, [{ op: 'services', service: keyOf(81) }])
  t.equal(of.reads.length, 1)
  t.strictSame(of.told, [`etcd: ${first} was changed beside it: it stands until that changes in etcd, or until SIGHUP`])
  t.strictSame(await found(byHand.deletion(82)), { changed: 2, added: 0, first })
  t.strictSame(await found(byHand.addition(99)), { changed: 2, added: 1, first })
  t.equal(of.told.length, 1)
  t.equal(of.changes, 3, 'and is published')
  t.strictSame(await found(byHand.weight(81, 1)), { changed: 1, added: 1, first: 'tcp 10.99.1.100:82' }, 'put back')
  t.strictSame(await found(byHand.deletion(99)), { changed: 1, added: 0, first: 'tcp 10.99.1.100:82' })
})

t.test('by a batch, by a transaction, by flush', async t => {
  const { found, transactions, of } = scene(t, 80, 81, 82)
  const requests = [byHand.weight(80, 3), byHand.deletion(81)] as Request<'batch'>['requests']
  t.match(await found({ op: 'batch', requests }), { changed: 2 })
  t.match(of.reads, [{ service: keyOf(80) }, { service: keyOf(81) }], 'those of the batch')
  const client = transactions.client()
  t.teardown(() => client.close())
  for (const request of [
    { op: 'begin' },
    { op: 'stage', requests: [byHand.addition(80)] },
    { op: 'commit' },
  ] as Request[])
    t.match(await client.call(request), { ok: true })
  t.match(await found(), { changed: 3, added: 0 }, '80 has no real server now, the others are gone')
  t.match(await found({ op: 'flush' }), { changed: 3, added: 0 })
  t.equal(of.reads.length, 1, 'one listing')
})

t.test('what etcd makes of a service is no change by hand, and ends one', async t => {
  const { found, transactions, services, bench, of, beside } = scene(t, 80, 81)
  t.match(await found(byHand.weight(80, 3), byHand.weight(81, 3)), { changed: 2 })
  of.reads.length = 0
  const desired = [...services.values()].filter(service => 'port' in service && service.port === 80)
  const part = { isIn: () => true, keys: [keyOf(80)], desired, seen: () => {} }
  t.match(await transactions.commitPart(part), { ok: true })
  t.match(beside.found, { changed: 1, first: 'tcp 10.99.1.100:81' }, 'at once')
  await sleep(60)
  t.equal(of.reads.length, 1, 'nothing is read but for the change')
  t.match(await transactions.commitPart({ isIn: () => true, desired: [...services.values()], seen: () => {} }), {
    ok: true,
  })
  t.equal(beside.found, undefined, 'all of it')
  t.match(bench.services(), { length: 2 })
})

t.test('a service of its own is told on, if it was not ended with what etcd changed', async t => {
  const { found, transactions, services, beside } = scene(t, 80)
  t.match(await found(byHand.addition(99)), { changed: 0, added: 1 })
  const desired = [...services.values()]
  const all = { desired, seen: () => {} }
  await transactions.commitPart({ isIn: isOf80, ...all })
  t.match(await found(), { changed: 0, added: 1 })
  await transactions.commitPart({ isIn: () => true, ...all })
  t.equal(await found(), undefined)
  t.equal(beside.found, undefined)
})

t.test('a reading from before etcd’s change counts for nothing', async t => {
  const { found, transactions, services, of, beside } = scene(t, 80)
  const desired = [...services.values()]
  let isDone = false
  of.meanwhile = async () => {
    if (isDone) return
    isDone = true
    await transactions.commitPart({ isIn: () => true, keys: [keyOf(80)], desired, seen: () => {} })
  }
  t.equal(await found(byHand.weight(80, 9)), undefined)
  t.equal(isDone, true)
  t.match(await found(byHand.weight(80, 9)), { changed: 1 })
  t.equal(beside.found?.first, 'tcp 10.99.1.100:80')
})

t.test('nor does one from before a change of all, and what was added meanwhile is found', async t => {
  const { found, transactions, services, of } = scene(t, 80)
  const desired = [...services.values()]
  let isDone = false
  of.meanwhile = async () => {
    if (isDone) return
    isDone = true
    await transactions.commitPart({ isIn: isOf80, desired, seen: () => {} })
  }
  t.match(await found(byHand.weight(80, 9), byHand.addition(99)), { changed: 0, added: 1 })
})

t.test('a refused change is looked at, and found to be none', async t => {
  const { found, transactions, of } = scene(t, 80)
  t.match(await transactions.call(byHand.weight(77, 1)), { ok: false })
  t.equal(await found(), undefined)
  t.equal(of.told.length, 0)
})
