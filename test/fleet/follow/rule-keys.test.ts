import t from 'tap'
import type { KeyValue } from '../../../src/etcd/key-value.js'
import { FleetKeys } from '../../../src/fleet/fleet-keys.js'
import { fleetRules, type FleetEntry } from '../../../src/fleet/fleet-rules.js'
import { RuleKeys } from '../../../src/fleet/follow/rule-keys.js'
import { putChanges } from '../../../src/fleet/follow/rules-update.js'
import { seed } from '../../support/properties.js'
import { randomFrom } from '../../support/random.js'

const KEYS = new FleetKeys('/u')
const NAMES = ['services/a', 'services/b', 'services/c', 'services/d', 'services/e', 'rules', 'revision', 'directors/x']

function kv(name: string, mark: number, modRevision: number): KeyValue {
  const value = JSON.stringify({ version: 1, service: { mark } })
  return { key: `/u/services/${name}`, value, modRevision, createRevision: 1, lease: undefined }
}

/* What is kept up change by change is what a reader of all keys finds: errors, the newest revision, and by updates all that there is. */
t.test('changes come to what all keys say', async t => {
  t.comment(`seed ${seed}`)
  const random = randomFrom(seed)
  for (let story = 0; story < 300; story++) {
    const known = new RuleKeys(KEYS)
    const held = new Map<string, KeyValue>()
    const applied = new Map<string, FleetEntry>()
    const keys = new Set<string>()
    let revision = 0
    const pick = (count: number): number => Math.floor(random() * count)
    const kvOf = (name: string): KeyValue => {
      const value = pick(6) === 0 ? '{' : JSON.stringify({ version: 1, service: { mark: 1 + pick(4) } })
      return { key: `/u/${name}`, value, modRevision: ++revision, createRevision: 1, lease: undefined }
    }
    for (let step = 0; step < 25; step++) {
      const key = `/u/${NAMES[pick(NAMES.length)]!}`
      if (pick(8) === 0) {
        // All is read again, of a store that may be behind.
        for (const name of NAMES) if (pick(3) === 0) held.set(`/u/${name}`, kvOf(name))
        held.delete(key)
        known.replace([...held.values()].sort((a, b) => (a.key < b.key ? -1 : 1)))
      } else if (pick(3) === 0) {
        held.delete(key)
        known.take([{ deleted: key }])
      } else {
        const kv = kvOf(key.slice(3))
        held.set(key, kv)
        known.take([{ put: kv }])
      }
      const kvs = [...held.values()].filter(kv => KEYS.isOfRules(kv.key)).sort((a, b) => (a.key < b.key ? -1 : 1))
      const wanted = fleetRules(KEYS, kvs)
      const newest = Math.max(0, ...kvs.map(({ modRevision }) => modRevision))
      if (pick(2) === 0) t.equal(known.revision, newest)
      if (pick(2) === 0) continue // what comes together is read together
      t.strictSame([...known.errors].map(String), wanted.errors.map(String))
      if (wanted.errors.length > 0) continue
      t.equal(known.isEmpty, wanted.services.size === 0 && !wanted.rules)
      const update = known.update()
      if (pick(4) === 0) {
        known.takeBack(update)
        continue
      }
      if (update.isWhole) {
        applied.clear()
        keys.clear()
      }
      putChanges(applied, update.services)
      for (const [each, kv] of update.kvs) {
        if (kv) keys.add(each)
        else keys.delete(each)
      }
      t.strictSame(
        [...keys].sort(),
        kvs.map(({ key }) => key),
      )
      t.strictSame(
        [...applied.keys()].sort(),
        [...wanted.services.values()].map(({ key }) => key),
      )
      for (const entry of wanted.services.values()) t.strictSame(applied.get(entry.key), entry)
      t.equal(update.rules?.value, wanted.rules?.value)
      if (!t.passing()) return
    }
  }
})

t.test('a key that has not changed stays the same entry, and is of no update', async t => {
  const known = new RuleKeys(KEYS)
  known.replace([kv('a', 1, 1), kv('b', 2, 2)])
  const first = known.update()
  t.equal(first.isWhole, true)
  known.take([{ put: kv('b', 3, 3) }, { put: kv('a', 1, 1) }])
  t.strictSame([...known.update().kvs.keys()], ['/u/services/b'])
  known.replace([kv('a', 1, 1), kv('b', 4, 4)])
  const again = known.update()
  t.equal(again.isWhole, true)
  t.equal(again.services.get('/u/services/a'), first.services.get('/u/services/a'))
  t.not(again.services.get('/u/services/b'), first.services.get('/u/services/b'))
})

t.test('the newest of many puts of one key', async t => {
  const known = new RuleKeys(KEYS)
  known.take([{ put: kv('a', 1, 1) }, { put: kv('b', 2, 2) }])
  for (let i = 3; i < 500; i++) known.take([{ put: kv('b', 1, i) }])
  t.equal(known.revision, 499)
  known.take([{ deleted: '/u/services/b' }])
  t.equal(known.revision, 1)
  known.take([{ deleted: '/u/services/a' }])
  t.equal(known.revision, 0)
})
