import t from 'tap'
import { fleetSeen } from '../../../../../src/cli/uvs/director/etcd/fleet-seen.js'
import { encodeState } from '../../../../../src/fleet/publish/director-state.js'
import type { FleetStore, StoredKey } from '../../../../../src/fleet/write/fleet-store.js'
import { noteText } from '../../../../../src/fleet/write/write-note.js'
import { sampleState } from '../../fleet/sample-state.js'

const NOTE = noteText({
  version: 1,
  id: '0'.repeat(16),
  by: 'alice@lb1',
  at: '2026-11-30T05:00:00Z',
  command: 'apply',
  changes: 9,
})

/** An etcd that holds these; every other question is one too many. */
function store(keys: readonly StoredKey[]): FleetStore {
  const held: Pick<FleetStore, 'get' | 'list'> = {
    get: async key => keys.find(each => each.key === key),
    list: async prefix => keys.filter(({ key }) => key.startsWith(prefix)),
  }
  return held as FleetStore
}

const director = (name: string, revision: number): StoredKey => ({
  key: `directors/${name}`,
  value: encodeState(sampleState(name, revision)),
  modRevision: 90,
})

t.test('who is there, who lags, who is to be drained, and who wrote last', async t => {
  const keys = [
    { key: 'revision', value: NOTE, modRevision: 17 },
    director('lb1', 17),
    director('lb2', 16),
    { key: 'directors/lb3', value: 'rubbish', modRevision: 91 },
    { key: 'drain/directors/lb1', value: '', modRevision: 92 },
  ]
  const { directors, ...fleet } = await fleetSeen(store(keys), 'lb2')
  t.match(fleet, { self: 'lb2', revision: 17, written: /alice@lb1/ })
  t.match(fleet.faults, ['lb2: it has the rules of revision 16, not 17', /^lb3: what it says of itself cannot be read/])
  t.match(directors, [
    { name: 'lb1', state: 'to drain', known: { revision: 17, connections: 1234, realServersDown: 1, cps: 10 } },
    { name: 'lb2', state: 'serving', known: { revision: 16 } },
    { name: 'lb3', state: '?', known: undefined },
  ])
})

t.test('rules that were written by hand leave no word: the newest that anybody has', async t => {
  const fleet = await fleetSeen(store([director('lb1', 17), director('lb2', 16)]), 'lb1')
  t.strictSame([fleet.revision, fleet.written], [17, undefined])
  t.strictSame(fleet.faults, ['lb2: it has the rules of revision 16, not 17'])
})
