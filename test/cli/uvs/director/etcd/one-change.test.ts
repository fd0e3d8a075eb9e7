import { readFileSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { LastRules } from '../../../../../src/cli/uvs/director/etcd/last-rules.js'
import { RecentLoad } from '../../../../../src/cli/uvs/director/etcd/recent-load.js'
import { RulesApplier } from '../../../../../src/cli/uvs/director/etcd/rules-applier.js'
import { stateOf } from '../../../../../src/cli/uvs/director/etcd/state-of.js'
import type { Control, OperationName, Reply, Request } from '../../../../../src/control/protocol/api.js'
import { Transactions } from '../../../../../src/control/rules/transactions.js'
import type { KeyValue } from '../../../../../src/etcd/key-value.js'
import type { Watch, WatchEvent, WatchEvents } from '../../../../../src/etcd/watch.js'
import { FleetKeys } from '../../../../../src/fleet/fleet-keys.js'
import { Follower } from '../../../../../src/fleet/follow/follower.js'
import { encodeState } from '../../../../../src/fleet/publish/director-state.js'
import { BenchDirector } from '../../../../support/bench-director.js'
import { tempDir } from '../../../../support/temp.js'
import { walksOf } from '../../../../support/walks.js'

/*
 * A change of one service among many costs what that one does: nothing on the way from the watch to the file of the last rules walks over
 * all, or reads or writes all of them. Counted, not timed.
 */

const SERVICES = 3_000
const KEYS = new FleetKeys('/u')

function put(i: number, modRevision: number, weight = 1): { put: KeyValue } {
  const destinations = [11, 12].map(n => ({ address: `10.99.2.${n}`, port: 80, weight }))
  const address = `10.98.${i >> 8}.${i & 255}`
  const value = JSON.stringify({ version: 1, service: { protocol: 'tcp', address, port: 80, scheduler: 'rr', destinations } }) // prettier-ignore
  return { put: { key: `/u/services/s${i}`, value, modRevision, createRevision: 1, lease: undefined } }
}

const tell = (): void => {}
const makeTrial = () => new BenchDirector().director

t.test('one change of many services', async t => {
  const bench = new BenchDirector()
  const asked: Request[] = []
  const control: Control = {
    async call<O extends OperationName>(request: Request<O>): Promise<Reply<O>> {
      asked.push(request as Request)
      return bench.control.call(request)
    },
  }
  const last = new LastRules(`${tempDir(t)}/state`, KEYS, line => t.fail(line))
  const applier = new RulesApplier({ director: new Transactions(control, makeTrial), makeTrial, tell })
  const kvs = Array.from({ length: SERVICES }, (_, i) => put(i, i + 1).put)
  const text: KeyValue = { ...kvs[0]!, key: '/u/rules', value: '-A -f 7 -s rr\n' }
  let events: WatchEvents | undefined
  const follower: Follower = new Follower({
    etcd: {
      range: async () => ({ revision: SERVICES, kvs: [text, ...kvs] }),
      watch(_range: object, _from: number, taken: WatchEvents) {
        events = taken
        return { close() {} } as Watch
      },
    } as never,
    keys: KEYS,
    name: 'lb1',
    apply: async update => JSON.stringify((await applier.apply(update)).changes),
    applied: update => last.keep(update),
    drain() {},
    changed() {},
    tell,
  })
  await follower.start(undefined, 60_000)
  t.equal(bench.services().length, SERVICES + 1)
  last.close()
  const recent = new RecentLoad(control)
  let revision = SERVICES
  const change = async (event: WatchEvent): Promise<void> => {
    events!.changed([event], ++revision)
    for (let i = 0; i < 2000 && follower.status.refused === undefined; i++) {
      if (follower.status.revision === revision || !('put' in event)) break
      await sleep(5)
    }
    await sleep(50)
    last.close()
    const { status } = follower
    const load = await recent.get(performance.now())
    const parts = { name: 'lb1', since: '', status, services: applier.services, load, isDraining: false }
    encodeState(await stateOf(control, parts))
  }
  await change(put(1, revision + 1, 2))

  /** The kernel's order of services has a thousand chains, however many there are. */
  const many = SERVICES / 2
  const before = statSync(last.path).size
  for (const [what, event] of [
    ['a weight', put(7, revision + 1, 3)],
    ['one more', put(SERVICES, revision + 2)],
    ['one less', { deleted: '/u/services/s9' }],
    ['one that cannot be used', { put: { ...put(8, revision + 4).put, value: '{' } }],
    ['set right', put(8, revision + 5, 4)],
  ] as const) {
    asked.length = 0
    const walks = await walksOf(() => change(event))
    t.ok(walks.elements < many, `${what}: at most ${walks.elements} at once`)
    t.ok(walks.characters < 4_000, `${what}: at most ${walks.characters} characters of JSON`)
    t.notOk(
      asked.some(request => request.op === 'services' && !request.service),
      `${what}: not all are asked for`,
    )
    t.ok(asked.length <= 4, `${what}: ${asked.map(({ op }) => op).join()}`)
  }
  t.equal(follower.status.refused, undefined)
  const kept = statSync(last.path).size - before
  t.ok(kept > 0 && kept < 4_000, `${kept} octets more on disk`)
  t.equal(
    readFileSync(last.path, 'utf8').trim().split('\n').length,
    6,
    'all, the first change, and four that could be used',
  )
  t.equal(last.load()!.length, SERVICES + 1)
  t.equal(bench.services().length, SERVICES + 1)
  await follower.close()
})

t.test('a walk over many is counted', async t => {
  const many = new Map(Array.from({ length: 500 }, (_, i) => [i, i]))
  const array = [...many.values()]
  const kept = Array.prototype.map
  for (const job of [
    () => [...many.keys()],
    () => new Map(many),
    () => array.map(it => it),
    () => [...array],
    () => Object.keys({ ...array }),
    () => {
      for (const _ of new Set(array)) break
    },
  ])
    t.equal((await walksOf(async () => void job())).elements, 500)
  for (const job of [() => JSON.stringify('x'.repeat(498)), () => JSON.parse(`"${'x'.repeat(498)}"`) as unknown])
    t.equal((await walksOf(async () => void job())).characters, 500)
  t.equal(Array.prototype.map, kept)
})
