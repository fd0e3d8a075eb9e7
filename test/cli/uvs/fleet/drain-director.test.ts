import t from 'tap'
import { drainDirector } from '../../../../src/cli/uvs/fleet/drain-director.js'
import { fleet } from '../../../../src/cli/uvs/fleet/fleet.js'
import type { FleetSession } from '../../../../src/cli/uvs/fleet/fleet-session.js'
import { readOptions } from '../../../../src/cli/uvs/options/read-options.js'
import { FleetKeys } from '../../../../src/fleet/fleet-keys.js'
import { encodeState, type DirectorState } from '../../../../src/fleet/publish/director-state.js'
import { MemoryStore } from '../../../fleet/write/memory-store.js'
import { sampleState } from './sample-state.js'

/* Which directors are not drained: no other serves. What is written goes through a store in memory. */

function site(...states: [name: string, more?: Partial<DirectorState>][]): MemoryStore {
  const store = new MemoryStore()
  for (const [name, more] of states) store.put([`directors/${name}`, encodeState({ ...sampleState(name, 1), ...more })])
  return store
}

/** Drains for no time at all. */
function drain(store: MemoryStore, name: string, ...more: string[]): Promise<number> {
  let now = 0
  const world = { now: () => now, wait: async (ms: number) => void (now += ms), date: () => 'today', by: 'me@h' }
  const session = { store, keys: new FleetKeys('/uvs'), world } as unknown as FleetSession
  const given = readOptions(fleet, ['drain', '--director', name, '--deadline', '1s', '--json', ...more])
  return drainDirector(given, name, session)
}

const marks = (store: MemoryStore): string[] =>
  [...store.held.keys()].filter(key => key.startsWith('drain/')).toSorted()
const LAST = {
  message: 'd1 is the last director that serves: without it no VIP is announced; --last drains it all the same',
}

t.test('the last that serves is refused', async t => {
  const none: DirectorState['rules'] = { ...sampleState('x', 1).rules, from: 'none' }
  for (const store of [site(['d1']), site(['d1'], ['d2', { isDraining: true }], ['d3', { rules: none }])]) {
    await t.rejects(drain(store, 'd1'), LAST)
    t.strictSame(marks(store), [])
    t.equal(await drain(store, 'd1', '--last'), 0)
    t.strictSame(marks(store), ['drain/directors/d1'])
    t.equal(await drain(store, 'd1'), 0, 'it is marked: that is waited for, and no news')
  }
  const unknown = site(['d1'])
  unknown.put(['directors/d1', 'rubbish'])
  await t.rejects(drain(unknown, 'd1'), LAST, 'it may serve')
})

t.test('one of two is drained, and one that serves nothing', async t => {
  const store = site(['d1'], ['d2'])
  t.equal(await drain(store, 'd2'), 0)
  await t.rejects(drain(store, 'd1'), LAST)
  t.strictSame(marks(store), ['drain/directors/d2'])
  const draining = site(['d1', { isDraining: true }])
  t.equal(await drain(draining, 'd1'), 0)
})

t.test('of two that are drained at the same moment one is left', async t => {
  const store = site(['d1'], ['d2'])
  store.meanwhile = (_, count) => void (count === 1 && store.put(['drain/directors/d2', '']))
  await t.rejects(drain(store, 'd1'), LAST)
  t.strictSame(marks(store), ['drain/directors/d2'])

  const three = site(['d1'], ['d2'], ['d3'])
  three.meanwhile = (_, count) => void (count === 1 && three.put(['drain/directors/d2', '']))
  t.equal(await drain(three, 'd1'), 0, 'd3 serves on')
  t.strictSame(marks(three), ['drain/directors/d1', 'drain/directors/d2'])
})
