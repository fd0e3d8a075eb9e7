import t from 'tap'
import type { Changes, Snapshot } from '../../../src/fleet/write/fleet-store.js'
import { readNote } from '../../../src/fleet/write/write-note.js'
import { Writer, type WriterWorld } from '../../../src/fleet/write/writer.js'
import { MemoryStore } from './memory-store.js'

const ONCE = { command: 'apply', retries: 0 }

/** Time goes on by itself while one waits. */
function worldOf(by: string): WriterWorld & { told: string[] } {
  let now = 0
  let id = 0
  let drawn = by.length * 7 + by.charCodeAt(0)
  const told: string[] = []
  return {
    now: () => now,
    wait: async ms => {
      now += ms
      await new Promise(resolve => setImmediate(resolve))
    },
    newId: () => `${by}${String(++id)}`.replace(/[^\da-f]/g, '0').padStart(16, '0'),
    date: () => '2026-11-30T05:00:00Z',
    random: () => (Math.imul(++drawn, 2654435761) >>> 0) / 2 ** 32,
    by,
    tell: line => void told.push(line),
    told,
  }
}

/** Makes the services those of `want`, name → value. */
function toward(want: Record<string, string>): (now: Snapshot) => Changes {
  return ({ keys }) => {
    const there = new Map(keys.map(({ key, value }) => [key, value]))
    const puts = Object.entries(want).map(([name, value]) => ({ key: `services/${name}`, value }))
    return {
      puts: puts.filter(({ key, value }) => there.get(key) !== value),
      deletes: [...there.keys()].filter(key => !puts.some(put => put.key === key)),
    }
  }
}

function servicesOf(store: MemoryStore): Record<string, string> {
  const keys = [...store.held.values()].filter(({ key }) => key.startsWith('services/'))
  return Object.fromEntries(keys.map(({ key, value }): [string, string] => [key.slice(9), value]).toSorted())
}

function note(store: MemoryStore) {
  return readNote(store.held.get('revision')!.value)
}

/** Some 1000 bytes each: 5000 do not fit into one transaction. */
function many(count: number, value: string): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`s${n}`, value.repeat(1000)]))
}

t.test('one transaction, and a note of who, when and how much', async t => {
  const store = new MemoryStore()
  const writer = new Writer(store, worldOf('a@h1'))
  t.strictSame(await writer.whole(toward({ x: '1', y: '1' }), ONCE), { revision: 2, parts: 1 })
  t.strictSame(servicesOf(store), { x: '1', y: '1' })
  t.match(note(store), { by: 'a@h1', at: '2026-11-30T05:00:00Z', command: 'apply', changes: 2 })
  t.strictSame(await writer.whole(toward({ y: '2' }), ONCE), { revision: 3, parts: 1 }, 'a delete and an edit')
  t.strictSame(servicesOf(store), { y: '2' })
  t.strictSame(await writer.whole(toward({ y: '2' }), ONCE), { revision: 3, parts: 0 }, 'nothing to do writes nothing')
  t.equal(store.writes, 2)
})

/** What bob's write leaves in `revision`. */
const theirs = JSON.stringify({
  version: 1,
  id: 'f'.repeat(16),
  by: 'bob@h2',
  at: '2026-11-30T05:00:01Z',
  command: 'apply',
  changes: 1,
})

t.test('what somebody deletes by hand at the same moment, which no condition shows, is put again', async t => {
  const kept = { x: '1', y: '1', z: '1' }
  for (const want of [
    { ...kept, new: '1' },
    { ...many(5000, 'v'), ...kept },
  ] as Record<string, string>[]) {
    const store = new MemoryStore()
    store.put(...Object.entries(kept).map(([name, value]): [string, string] => [`services/${name}`, value]))
    store.meanwhile = (_, count) => {
      if (count === 1) store.held.delete('services/y')
    }
    const world = worldOf('a@h1')
    const { revision, parts } = await new Writer(store, world).whole(toward(want), { ...ONCE, at: store.revision })
    t.strictSame(servicesOf(store), Object.fromEntries(Object.entries(want).toSorted()))
    t.strictSame([revision, parts, note(store)?.changes], [store.revision, 1, 1])
    t.strictSame(world.told, ['somebody has deleted keys meanwhile: they are put again'])
  }
})

t.test('who was slower is told who was faster, and has written nothing', async t => {
  const others: [string, (store: MemoryStore) => void, RegExp][] = [
    [
      'by uvs',
      store => store.put(['services/b', '9'], ['revision', theirs]),
      /^bob@h2 at \S+ wrote services\/b meanwhile: nothing/,
    ],
    [
      'a new key by hand',
      store => store.put(['services/b', '9']),
      /^somebody wrote services\/b meanwhile: nothing was written$/,
    ],
    ['an edit by hand', store => store.put(['services/x', '9']), /wrote services\/x meanwhile/],
    ['`rules` by hand', store => store.put(['rules', '-A']), /wrote rules meanwhile/],
    ['only deletions, by uvs', store => store.put(['revision', theirs]), /^bob@h2 at \S+ wrote rules meanwhile/],
    [
      'hostile',
      store => store.put([`services/\x1b[2J\u202e${'k'.repeat(500)}`, '9']),
      /wrote services\/\ufffd\[2J\ufffdk{20,90}… meanwhile/,
    ],
  ]
  for (const [who, act, message] of others) {
    const store = new MemoryStore()
    store.put(['services/x', '0'])
    let after: unknown
    store.meanwhile = () => {
      act(store)
      after = servicesOf(store)
    }
    await t.rejects(new Writer(store, worldOf('a@h1')).whole(toward({ x: '1' }), ONCE), { message }, who)
    t.strictSame(servicesOf(store), after, `${who}: only what the other wrote`)
  }
})

t.test('with retries the plan is made anew from what is there then', async t => {
  const store = new MemoryStore()
  store.meanwhile = (_, count) => {
    if (count <= 2) store.put([`services/hand${count}`, '9'])
  }
  const writer = new Writer(store, worldOf('a@h1'))
  t.strictSame(await writer.whole(toward({ x: '1' }), { command: 'apply', retries: 2 }), { revision: 4, parts: 1 })
  t.strictSame(servicesOf(store), { x: '1' }, 'what came meanwhile was seen, and deleted')
})

t.test('no more retries than told', async t => {
  const store = new MemoryStore()
  store.meanwhile = (_, count) => void (count <= 3 && store.put([`services/hand${count}`, '9']))
  const writing = new Writer(store, worldOf('a@h1')).whole(toward({ x: '1' }), { command: 'apply', retries: 2 })
  await t.rejects(writing, { message: /wrote services\/hand3 meanwhile/ })
  t.equal(store.writes, 3)
})

t.test('--at: nothing may have been written since', async t => {
  const store = new MemoryStore()
  const writer = new Writer(store, worldOf('a@h1'))
  const { revision } = await writer.whole(toward({ x: '1' }), ONCE)
  await writer.whole(toward({ x: '2' }), { ...ONCE, at: revision })
  const message = /^a@h1 at \S+ wrote services\/x since revision 2 \(now 3\): nothing was written$/
  await t.rejects(writer.whole(toward({ x: '3' }), { ...ONCE, at: revision, retries: 9 }), { message })
  t.strictSame(servicesOf(store), { x: '2' })
})

t.test('more than fits is marked unfinished until its last part', async t => {
  const store = new MemoryStore()
  const unfinished: unknown[] = []
  store.meanwhile = ({ puts }) => {
    unfinished.push(readNote(puts.find(({ key }) => key === 'revision')!.value)?.unfinished)
  }
  const { parts } = await new Writer(store, worldOf('a@h1')).whole(toward(many(5000, 'a')), ONCE)
  t.equal(parts, 5)
  t.strictSame(unfinished, [...[1, 2, 3, 4].map(done => ({ done, of: 5 })), undefined])
  t.equal(Object.keys(servicesOf(store)).length, 5000)
  t.equal(note(store)?.changes, 5000)
})

t.test('an etcd of smaller limits is given smaller parts', async t => {
  const store = new MemoryStore()
  store.limit = 64
  const { parts } = await new Writer(store, worldOf('a@h1')).whole(toward({ ...many(100, 'a'), x: '1' }), ONCE)
  t.equal(parts, 3)
  t.equal(Object.keys(servicesOf(store)).length, 101)
  t.equal(note(store)?.unfinished, undefined)
})

t.test('somebody who writes by hand between the parts does not keep a write from its end', async t => {
  const store = new MemoryStore()
  store.meanwhile = (_, count) => {
    if (count === 3) store.put(['services/hand', '9'], ['services/s0', 'spoilt'])
  }
  await new Writer(store, worldOf('a@h1')).whole(toward(many(5000, 'a')), ONCE)
  t.strictSame(servicesOf(store), Object.fromEntries(Object.entries(many(5000, 'a')).toSorted()))
  t.equal(note(store)?.unfinished, undefined)
})

t.test('a writer that died half done: others wait, then one makes it whole', async t => {
  const store = new MemoryStore()
  store.fate = count => (count > 2 ? 'unreachable' : 'answered')
  await t.rejects(new Writer(store, worldOf('a@h1')).whole(toward(many(5000, 'a')), ONCE), { message: /ECONNREFUSED/ })
  t.strictSame(note(store)?.unfinished, { done: 2, of: 5 })
  store.fate = () => 'answered'

  const world = worldOf('b@h2')
  const one = new Writer(store, world).one('services/s0', () => 'drained', 'drain')
  await t.rejects(one, { message: /^the write of a@h1 at \S+ stopped half done: uvs fleet apply FILE makes it whole$/ })
  t.ok(world.now() >= 10_000, 'it waited')
  await new Writer(store, world).whole(toward({ x: '1' }), ONCE)
  t.strictSame(servicesOf(store), { x: '1' })
  t.equal(note(store)?.unfinished, undefined)
  t.match(world.told.at(-1), /^the write of a@h1 at \S+ stopped half done: this one takes its place$/)
})

t.test('a writer that was thought dead goes no further', async t => {
  const store = new MemoryStore()
  store.meanwhile = (_, count) => {
    if (count !== 3) return
    store.put(['services/x', '1'], ['revision', theirs])
    for (const key of store.held.keys()) if (key.startsWith('services/s')) store.held.delete(key)
  }
  const message =
    /^bob@h2 at \S+ took over after 2 transactions of this write: what the prefix holds is by that writer$/
  await t.rejects(new Writer(store, worldOf('a@h1')).whole(toward(many(5000, 'a')), ONCE), { message })
  t.strictSame(servicesOf(store), { x: '1' })
})

t.test('the same when what is there is what is wanted: the mark is taken off', async t => {
  const store = new MemoryStore()
  const all = many(3000, 'a')
  store.fate = count => (count > 2 ? 'unreachable' : 'answered')
  await t.rejects(new Writer(store, worldOf('a@h1')).whole(toward(all), ONCE))
  store.fate = () => 'answered'
  const half = servicesOf(store)
  t.strictSame(await new Writer(store, worldOf('b@h2')).whole(toward(half), ONCE), { revision: 4, parts: 1 })
  t.equal(note(store)?.unfinished, undefined)
})

t.test('a write in parts that gets on is waited for', async t => {
  const store = new MemoryStore()
  const world = worldOf('b@h2')
  const first = new Writer(store, worldOf('a@h1')).whole(toward(many(5000, 'a')), ONCE)
  await new Promise<void>(resolve => {
    store.meanwhile = (_, count) => void (count === 2 && resolve())
  })
  await Promise.all([first, new Writer(store, world).one('services/s0', () => 'drained', 'drain')])
  t.equal(servicesOf(store)['s0'], 'drained')
  t.match(world.told, [/^waiting for the write of a@h1 at/])
})

t.test('two at once, too large for one transaction: one of them is there, whole', async t => {
  for (let ahead = 0; ahead < 8; ahead++) {
    const store = new MemoryStore()
    const ends: string[] = []
    const write = async (by: string, value: string): Promise<void> => {
      const writing = new Writer(store, worldOf(by)).whole(toward(many(3000, value)), { command: 'apply', retries: 3 })
      await writing.then(
        () => ends.push(value),
        () => {},
      )
    }
    const first = write('a@h1', 'a')
    for (let turns = 0; turns < ahead; turns++) await new Promise(resolve => setImmediate(resolve))
    await Promise.all([first, write('b@h2', 'b')])
    t.strictSame(
      servicesOf(store),
      Object.fromEntries(Object.entries(many(3000, ends.at(-1)!)).toSorted()),
      ends.join(),
    )
    t.equal(note(store)?.unfinished, undefined)
  }
})

t.test('an answer that is lost: done once, and known to be done', async t => {
  const store = new MemoryStore()
  store.fate = count => (count % 2 === 1 ? 'lost' : 'answered')
  const writer = new Writer(store, worldOf('a@h1'))
  t.strictSame(await writer.whole(toward({ x: '1' }), ONCE), { revision: 2, parts: 1 })
  t.equal(store.revision, 2)

  await t.test('also when somebody wrote after it', async t => {
    store.writes = 0
    store.meanwhile = (_, count) => void (count === 2 && store.put(['services/hand', '9'], ['revision', 'rubbish']))
    t.strictSame(await writer.whole(toward({ x: '2' }), ONCE), { revision: 3, parts: 1 })
    t.strictSame(servicesOf(store), { hand: '9', x: '2' })
  })
  await t.test('not done: nothing is claimed', async t => {
    store.writes = 0
    store.meanwhile = (_, count) => void (count === 1 && store.put(['revision', 'rubbish']))
    await t.rejects(writer.whole(toward({ x: '3' }), ONCE), { message: /meanwhile: nothing was written/ })
    t.strictSame(servicesOf(store), { hand: '9', x: '2' })
  })
  await t.test('and a member whose certificate is not trusted, asked after it', async t => {
    store.writes = 0
    store.fate = count => (count === 1 ? 'lost' : 'untrusted')
    store.meanwhile = () => {}
    await t.rejects(writer.whole(toward({ x: '4' }), ONCE), {
      message: /its certificate is not trusted; it may have been written: look with uvs fleet show$/,
    })
    t.equal(store.writes, 2, 'that will not pass: it is not asked again')
  })
  await t.test('etcd stays away', async t => {
    store.fate = () => 'lost'
    store.meanwhile = () => {}
    await t.rejects(writer.whole(toward({ x: '5' }), ONCE), {
      message: /it may have been written: look with uvs fleet show$/,
    })
  })
})

t.test('two who make 1000 changes each, a key at a time: none is lost', async t => {
  const store = new MemoryStore()
  store.put(['services/x', '{"a":0,"b":0}'])
  store.fate = count => (['answered', 'answered', 'lost', 'unreachable'] as const)[count % 4]!
  const write = async (who: 'a' | 'b'): Promise<void> => {
    const writer = new Writer(store, worldOf(`${who}@h`))
    for (let n = 1; n <= 1000; n++) {
      const change = (value: string) => {
        const counts = JSON.parse(value) as Record<string, number>
        return JSON.stringify({ ...counts, [who]: counts[who]! + 1 })
      }
      await writer.one('services/x', change, 'drain')
    }
  }
  await Promise.all([write('a'), write('b')])
  t.equal(servicesOf(store)['x'], '{"a":1000,"b":1000}')
})

t.test('one key that is written by hand meanwhile is read again', async t => {
  const store = new MemoryStore()
  store.put(['services/x', '1'])
  store.meanwhile = (_, count) => void (count === 1 && store.put(['services/x', '2']))
  await new Writer(store, worldOf('a@h1')).one('services/x', value => `${value} drained`, 'drain')
  t.strictSame(servicesOf(store), { x: '2 drained' })
})

t.test('one key: right as it is, or not there', async t => {
  const store = new MemoryStore()
  store.put(['services/x', '1'])
  const writer = new Writer(store, worldOf('a@h1'))
  t.strictSame(await writer.one('services/x', () => undefined, 'drain'), { revision: 2, parts: 0 })
  await t.rejects(
    writer.one('services/y', () => '1', 'drain'),
    { message: 'there is no services/y' },
  )
  t.equal(store.writes, 0)
})
