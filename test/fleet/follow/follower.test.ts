import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { EtcdError } from '../../../src/etcd/etcd-error.js'
import type { KeyValue } from '../../../src/etcd/key-value.js'
import type { Watch, WatchEvents } from '../../../src/etcd/watch.js'
import { FleetKeys } from '../../../src/fleet/fleet-keys.js'
import { KeyError } from '../../../src/fleet/key-error.js'
import type { FleetEntry } from '../../../src/fleet/fleet-rules.js'
import { Follower } from '../../../src/fleet/follow/follower.js'
import { putChanges, type RulesUpdate } from '../../../src/fleet/follow/rules-update.js'
import { noteText, type WriteNote } from '../../../src/fleet/write/write-note.js'

const KEYS = new FleetKeys('/u')
const value = (mark: number, scheduler = 'rr'): string => JSON.stringify({ version: 1, service: { mark, scheduler } })
const kv = (key: string, text: string, modRevision: number): KeyValue => ({
  key: `/u/${key}`,
  value: text,
  modRevision,
  createRevision: 1,
  lease: undefined,
})
const AWAY = new EtcdError('unreachable', 'http://a: no answer')

/** What a director did: `apply` of marks with schedulers, and lines told. */
async function following(t: Test, first: readonly KeyValue[] | EtcdError, last?: readonly KeyValue[]) {
  const did: string[] = []
  const etcd = {
    answer: first as readonly KeyValue[] | EtcdError,
    revision: 10,
    events: undefined as WatchEvents | undefined,
    from: 0,
    async range() {
      if (etcd.answer instanceof EtcdError) throw etcd.answer
      return { revision: etcd.revision, kvs: etcd.answer }
    },
    watch(_range: object, from: number, events: WatchEvents) {
      etcd.from = from
      etcd.events = events
      return { close() {} } as Watch
    },
  }
  const of = { refuses: false, busyMs: 0, kept: [] as string[], updates: [] as string[][] }
  const has = new Map<string, FleetEntry>()
  const follower = new Follower({
    etcd: etcd as never,
    keys: KEYS,
    name: 'lb1',
    async apply({ isWhole, kvs, services, rules }: RulesUpdate) {
      of.updates.push([...(isWhole ? ['all'] : []), ...kvs.keys()])
      await sleep(of.busyMs)
      if (of.refuses) throw new KeyError('/u/services/a', 'the director refuses it', 2)
      if (isWhole) has.clear()
      putChanges(has, services)
      const text = [...has.values()].map(({ identity, service }) => `${identity} ${service.scheduler}`)
      const line = `apply ${[...text, ...(rules ? [rules.value] : [])].join()}`
      if (did.findLast(each => each.startsWith('apply')) === line) return undefined
      did.push(line)
      return `${text.length} services`
    },
    applied: ({ kvs }) => void (of.kept = [...kvs.keys()]),
    drain: isMarked => void did.push(`drain ${isMarked}`),
    changed() {},
    tell: line => void did.push(line),
  })
  t.teardown(() => follower.close())
  await follower.start(last && { kvs: last, where: 'FILE' }, 1000)
  const until = async (line: RegExp | string): Promise<void> => {
    const isSaid = (): boolean => did.some(each => (typeof line === 'string' ? each === line : line.test(each)))
    for (let i = 0; i < 1000 && !isSaid(); i++) await sleep(10)
    t.ok(isSaid(), `${line} in ${did.join(' | ')}`)
  }
  return { follower, etcd, did, of, until }
}

t.test('what is there is applied, then what changes, all that is known at a time', async t => {
  const { follower, etcd, did, of, until } = await following(t, [kv('other', '', 9), kv('services/a', value(1), 3)])
  t.strictSame(did, ['apply mark 1 rr', 'etcd: revision 3: 1 services'])
  t.equal(etcd.from, 11)
  t.strictSame(of.kept, ['/u/services/a'])
  of.busyMs = 50
  etcd.events!.changed([{ put: kv('services/b', value(2), 12) }, { put: kv('rules', '-A', 12) }], 12)
  await until('apply mark 1 rr,mark 2 rr,-A')
  etcd.events!.changed([{ deleted: '/u/services/a' }], 13)
  etcd.events!.changed([{ put: kv('services/b', value(2, 'wlc'), 14) }], 14)
  etcd.events!.changed([{ deleted: '/u/rules' }, { put: kv('directors/x', '', 15) }], 15)
  await until('apply mark 2 wlc')
  t.equal(did.filter(line => line.startsWith('apply')).length, 3, 'these three at once')
  t.match(follower.status, { revision: 14, from: 'etcd', refused: undefined })
  const keys = ['/u/rules', '/u/services/a', '/u/services/b']
  t.strictSame(of.updates, [['all', '/u/services/a'], ['/u/rules', '/u/services/b'], keys], 'what has changed, alone')
})

t.test('what was not applied is of the next update too, of all that came meanwhile', async t => {
  const { etcd, of, until } = await following(t, [kv('services/a', value(1), 3), kv('services/x', value(9), 3)])
  of.refuses = true
  of.busyMs = 50
  etcd.events!.changed([{ put: kv('services/a', value(2), 11) }], 11)
  await sleep(30)
  etcd.events!.changed([{ put: kv('services/b', value(3), 12) }], 12)
  await until(/the director refuses it/)
  of.refuses = false
  await until('apply mark 2 rr,mark 9 rr,mark 3 rr')
  t.strictSame(of.updates.slice(1), [['/u/services/a'], ['/u/services/a', '/u/services/b']])
  Object.assign(of, { refuses: true, updates: [] })
  etcd.answer = [kv('services/c', value(4), 40)]
  etcd.events!.compacted()
  for (let i = 0; i < 1000 && of.updates.length === 0; i++) await sleep(10)
  await sleep(2 * of.busyMs)
  of.refuses = false
  etcd.events!.changed([{ put: kv('services/d', value(5), 51) }], 51)
  await until('apply mark 4 rr,mark 5 rr')
  const all = ['all', '/u/services/c']
  t.strictSame(of.updates, [all, [...all, '/u/services/d']])
})

t.test('what cannot be used is told once, and nothing is applied until it is set right', async t => {
  const { follower, etcd, did, of, until } = await following(t, [kv('services/a', value(1), 3)])
  etcd.events!.changed([{ put: kv('services/b', '{', 11) }, { put: kv('services/c', value(3), 11) }], 11)
  await until(/^etcd: \/u\/services\/b: no JSON: .*: the last good rules stay$/)
  etcd.events!.changed([{ put: kv('services/d', value(4), 12) }], 12)
  etcd.events!.changed([{ put: kv('services/d', '', 13) }], 13)
  await until(/services\/b: no JSON.* \(and 1 more key\)/)
  t.equal(follower.status.brokenKeys, 2)
  t.equal(did.filter(line => line.startsWith('apply')).length, 1)
  t.match(follower.status, { revision: 3, refused: /services\/b/ })
  etcd.events!.changed([{ deleted: '/u/services/b' }, { deleted: '/u/services/d' }], 14)
  await until('apply mark 1 rr,mark 3 rr')
  t.equal(follower.status.brokenKeys, 0)
  of.refuses = true
  etcd.events!.changed([{ put: kv('services/a', value(9), 15) }], 15)
  await until('etcd: /u/services/a: the director refuses it (and 2 more keys): the last good rules stay')
  t.equal(follower.status.brokenKeys, 3)
  t.strictSame([follower.status.revision, of.kept], [11, ['/u/services/b', '/u/services/c', '/u/services/d']])
})

t.test('what is set right as it was is told too', async t => {
  const { follower, etcd, did, until } = await following(t, [kv('services/a', value(1), 3)])
  etcd.events!.changed([{ put: kv('services/b', '{', 11) }], 11)
  await until(/services\/b: no JSON/)
  etcd.events!.changed([{ deleted: '/u/services/b' }], 12)
  await until('etcd: revision 3: nothing to do, and nothing is refused any more')
  t.equal(follower.status.refused, undefined)
  etcd.events!.changed([{ put: kv('services/a', value(1), 13) }], 13)
  for (let i = 0; i < 1000 && follower.status.revision !== 13; i++) await sleep(10)
  t.equal(did.length, 4, 'and what changes nothing is not')
})

t.test('two keys of one service: the second by name is refused, in whatever order they came', async t => {
  const { etcd, until } = await following(t, [kv('services/b', value(1), 3)])
  etcd.events!.changed([{ put: kv('services/a', value(1), 12) }], 12)
  await until(/^etcd: \/u\/services\/b: mark 1 is the service of \/u\/services\/a already/)
})

t.test('an empty prefix changes nothing; rules without lines do', async t => {
  const { etcd, did, until } = await following(t, [kv('services/a', value(1), 3)])
  etcd.events!.changed([{ deleted: '/u/services/a' }], 12)
  await until(/\/u\/ holds no rules, which is taken for a mishap/)
  etcd.events!.changed([{ put: kv('rules', '', 13) }], 13)
  await until('apply ')
  t.equal(did.filter(line => line.startsWith('apply')).length, 2)
})

t.test('a change that is not finished waits until it is', async t => {
  const note: WriteNote = {
    version: 1,
    id: '0123456789abcdef',
    by: 'a@b',
    at: '2026-11-30T05:00:00Z',
    command: 'c',
    changes: 2,
  }
  const { etcd, did, until } = await following(t, [kv('services/a', value(1), 3)])
  etcd.events!.changed(
    [
      { put: kv('services/a', value(2), 12) },
      { put: kv('revision', noteText({ ...note, unfinished: { done: 1, of: 2 } }), 12) },
    ],
    12,
  )
  await until(/\/u\/revision: a change is not finished yet/)
  etcd.events!.changed([{ put: kv('services/b', value(3), 13) }, { put: kv('revision', noteText(note), 13) }], 13)
  await until('apply mark 2 rr,mark 3 rr')
  t.equal(did.filter(line => line.startsWith('apply')).length, 2)
})

t.test('lost and resumed, or compacted: everything is read again', async t => {
  const { etcd, did, until } = await following(t, [kv('services/a', value(1), 3)])
  etcd.events!.lost(AWAY)
  t.equal(did.at(-1), 'etcd: http://a: no answer: the rules stay as they are')
  Object.assign(etcd, { answer: AWAY })
  etcd.events!.resumed('x')
  await sleep(300)
  t.equal(did.filter(line => line.includes('no answer')).length, 1, 'it is told once')
  Object.assign(etcd, { answer: [kv('services/b', value(2), 4)], revision: 5 })
  await until('apply mark 2 rr')
  t.ok(did.includes('etcd: it answers again'))
  t.equal(etcd.from, 6, 'also of a store that is behind')
  Object.assign(etcd, { answer: [kv('services/c', value(3), 40)], revision: 50 })
  etcd.events!.compacted()
  await until('apply mark 3 rr')
})

t.test('etcd away at the start: the last rules are used, until it answers', async t => {
  const { follower, etcd, did, of, until } = await following(t, AWAY, [kv('services/a', value(1), 3)])
  t.strictSame(did, [
    'etcd: http://a: no answer: the rules stay as they are',
    'apply mark 1 rr',
    'etcd: the last rules that were seen are used, of revision 3 (FILE)',
  ])
  t.match(follower.status, { revision: 3, from: 'disk' })
  t.strictSame(of.kept, [], 'they are kept already')
  etcd.answer = [kv('services/b', value(2), 4)]
  await until('apply mark 2 rr')
  t.match(follower.status, { revision: 4, from: 'etcd' })
})

t.test('rubbish in etcd at the start: the last rules too; with none it is said', async t => {
  const one = await following(t, [kv('services/a', '{', 9)], [kv('services/a', value(1), 3)])
  t.match(one.did, [/services\/a: no JSON/, 'apply mark 1 rr', /last rules that were seen are used/])
  const two = await following(t, [kv('services/a', '{', 9)])
  t.match(two.did, [/services\/a: no JSON/, /nothing is served yet/])
  const three = await following(t, AWAY, [kv('services/a', '{', 9)])
  t.match(three.did, [/no answer/, /the last rules that were seen cannot be used \(FILE\)/, /nothing is served yet/])
})

t.test('the mark of this director, and of no other', async t => {
  const { etcd, did } = await following(t, [kv('services/a', value(1), 3), kv('drain/directors/lb1', '', 4)])
  t.ok(did.includes('drain true'))
  etcd.events!.changed([{ put: kv('drain/directors/lb2', '', 12) }, { deleted: '/u/drain/directors/lb1' }], 12)
  etcd.events!.changed([{ deleted: '/u/drain/directors/lb2' }], 13)
  t.strictSame(
    did.filter(line => line.startsWith('drain')),
    ['drain true', 'drain false'],
  )
})
