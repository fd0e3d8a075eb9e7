import t, { type Test } from 'tap'
import { EtcdClient } from '../../../src/etcd/etcd-client.js'
import { EtcdStore } from '../../../src/fleet/write/etcd-store.js'
import type { FleetStore, Put, Snapshot } from '../../../src/fleet/write/fleet-store.js'
import { readNote } from '../../../src/fleet/write/write-note.js'
import { Writer } from '../../../src/fleet/write/writer.js'
import { NO_ETCD, startEtcd, type EtcdCluster } from '../../support/etcd.js'
import { hostWorld } from '../host-world.js'

/* Writers with etcd itself, on loopback. */

const PREFIX = '/uvs/site1/'

function etcdOf(t: Test, { endpoints }: EtcdCluster): EtcdClient {
  const etcd = new EtcdClient({ endpoints })
  t.teardown(() => etcd.close())
  return etcd
}

function putsOf(count: number, value: string): Put[] {
  return Array.from({ length: count }, (_, n) => ({ key: `services/tcp/10.0.0.${n}:80`, value }))
}
function storeMethods(store: EtcdStore): FleetStore {
  return {
    read: () => store.read(),
    readKeys: () => store.readKeys(),
    count: revision => store.count(revision),
    list: prefix => store.list(prefix),
    get: key => store.get(key),
    write: write => store.write(write),
    notesAfter: revision => store.notesAfter(revision),
  }
}
/** Makes the services these, and no others. */
function toward(puts: readonly Put[]) {
  const wanted = new Set(puts.map(({ key }) => key))
  return ({ keys }: Snapshot) => ({ puts, deletes: keys.map(({ key }) => key).filter(key => !wanted.has(key)) })
}

/** A thousand changes, each of one more. */
async function count1000(writer: Writer, who: 'a' | 'b'): Promise<void> {
  const change = (text: string): string => {
    const counts = JSON.parse(text) as Record<string, number>
    return JSON.stringify({ ...counts, [who]: counts[who]! + 1 })
  }
  for (let n = 0; n < 1000; n++) await writer.one('services/count', change, 'drain')
}

t.test('writes', { skip: NO_ETCD }, async t => {
  const cluster = await startEtcd(t)
  const etcd = etcdOf(t, cluster)
  const store = new EtcdStore(etcd, PREFIX)
  const writer = (by: string): Writer => new Writer(store, hostWorld(by))
  const once = { command: 'apply', retries: 0 }

  await t.test('3000 keys in one transaction, and away with them in another', async t => {
    await etcd.put('/uvs/site10/services/x', 'of another site')
    const { revision, parts } = await writer('a@h1').whole(toward(putsOf(3000, 'v'.repeat(300))), once)
    t.equal(parts, 1)
    const { keys, note } = await store.read()
    t.equal(keys.length, 3000)
    t.ok(
      [...keys, note!].every(({ modRevision }) => modRevision === revision),
      'all at one revision',
    )
    t.match(readNote(note!.value), { by: 'a@h1', changes: 3000 })
    t.match(await writer('a@h1').whole(toward([]), once), { parts: 1 })
    t.equal((await store.read()).keys.length, 0)
    t.ok(await etcd.get('/uvs/site10/services/x'), 'nobody else is touched')
  })

  await t.test('somebody wrote meanwhile: which keys, and by whom', async t => {
    await writer('a@h1').whole(toward(putsOf(3, '1')), once)
    const racing = async (act: () => Promise<unknown>, message: RegExp): Promise<void> => {
      const before = await store.read()
      await act()
      const after = await store.read()
      const late = new Writer({ ...storeMethods(store), read: async () => before }, hostWorld('b@h2'))
      await t.rejects(late.whole(toward(putsOf(2, '2')), once), { message })
      t.strictSame(await store.read(), after, 'nothing was written')
    }
    await racing(
      () => writer('c@h3').one('services/tcp/10.0.0.0:80', () => '7', 'drain'),
      /^c@h3 at \S+ wrote services\/tcp\/10\.0\.0\.0:80 meanwhile: nothing was written$/,
    )
    await racing(() => etcd.put(`${PREFIX}services/new`, 'x'), /wrote services\/new meanwhile/)
    await racing(() => etcd.put(`${PREFIX}rules`, ''), /wrote rules meanwhile/)
    await racing(
      () => writer('c@h3').whole(toward(putsOf(9, '1')), once),
      /^c@h3 at \S+ wrote services\/\S+, services\/\S+, services\/\S+ and more meanwhile/,
    )
  })

  await t.test('somebody deleted a key by hand meanwhile: it is there afterwards', async t => {
    await writer('a@h1').whole(toward(putsOf(3, '1')), once)
    const before = await store.read()
    await etcd.delete({ key: `${PREFIX}services/tcp/10.0.0.1:80` })
    let reads = 0
    const read = async () => (reads++ === 0 ? before : store.read())
    const only = ({ keys }: Snapshot) => {
      const there = new Set(keys.map(({ key }) => key))
      return { puts: putsOf(4, '1').filter(({ key }) => !there.has(key)), deletes: [] }
    }
    await new Writer({ ...storeMethods(store), read }, hostWorld('b@h2')).whole(only, once)
    t.equal((await store.read()).keys.length, 4)
  })

  await t.test('keys that are no UTF-8 are deleted too', async t => {
    for (const end of [0xff, 0xfe])
      await fetch(`${cluster.members[0]!.endpoint}/v3/kv/put`, {
        method: 'POST',
        body: JSON.stringify({ key: Buffer.from([...Buffer.from(`${PREFIX}services/`), end]).toString('base64') }),
      })
    t.strictSame(
      (await store.read()).keys.map(({ key }) => key).filter(key => key.includes('\ufffd')),
      ['services/\ufffd', 'services/\ufffd'],
    )
    await writer('a@h1').whole(toward(putsOf(1, '1')), once)
    t.strictSame(
      (await store.read()).keys.map(({ key }) => key),
      ['services/tcp/10.0.0.0:80'],
    )
  })

  await t.test('what does not fit into a request goes in parts', async t => {
    const { parts } = await writer('a@h1').whole(toward(putsOf(4000, 'v'.repeat(1000))), once)
    t.equal(parts, 4)
    const { keys, note } = await store.read()
    t.equal(keys.length, 4000)
    t.equal(readNote(note!.value)?.unfinished, undefined)
    await writer('a@h1').whole(toward([]), once)
  })

  await t.test('two who race with 1000 changes each: what was reported done last is there, whole', async t => {
    const done: string[] = []
    const race = async (by: string): Promise<void> => {
      for (let round = 0; round < 5; round++) {
        const value = `${by} ${round}`
        const writing = writer(by).whole(toward(putsOf(1000, value)), { command: 'apply', retries: 2 })
        await writing.then(
          () => done.push(value),
          (error: Error) => t.match(error.message, /meanwhile: nothing was written$/),
        )
      }
    }
    await Promise.all([race('a@h1'), race('b@h2')])
    const { keys } = await store.read()
    t.equal(keys.length, 1000)
    t.ok(
      keys.every(({ value }) => value === done.at(-1)),
      `${done.join(', ')}: ${keys[0]!.value}`,
    )
    t.ok(done.length >= 5)
  })

  await t.test('two who make 1000 changes each, one by one: none is lost', { timeout: 300_000 }, async t => {
    await etcd.put(`${PREFIX}services/count`, '{"a":0,"b":0}')
    await Promise.all([count1000(writer('a@h'), 'a'), count1000(writer('b@h'), 'b')])
    t.equal((await store.get('services/count'))?.value, '{"a":1000,"b":1000}')
  })

  await t.test('notes of writes, the newest first, until etcd has forgotten them', async t => {
    const before = (await store.get('revision'))!.modRevision
    for (const value of ['1', '2', '3']) await writer('a@h1').one('services/count', () => value, `drain ${value}`)
    const notes = await store.notesAfter(before)
    t.strictSame(
      notes?.map(({ value }) => readNote(value)?.command),
      ['drain 3', 'drain 2', 'drain 1'],
    )
    await fetch(`${cluster.members[0]!.endpoint}/v3/kv/compaction`, {
      method: 'POST',
      body: JSON.stringify({ revision: String(notes![0]!.modRevision) }),
    })
    t.equal(await store.notesAfter(before), undefined)
  })
})

t.test('an etcd of smaller limits', { skip: NO_ETCD }, async t => {
  for (const [flag, expected] of [
    ['--max-txn-ops=36', 1],
    ['--max-txn-ops=30', 25],
    ['--max-request-bytes=300000', 25],
  ] as const) {
    const store = new EtcdStore(etcdOf(t, await startEtcd(t, 1, [flag])), PREFIX)
    const writer = new Writer(store, hostWorld('a@h1'))
    const { parts } = await writer.whole(toward(putsOf(1000, 'v'.repeat(300))), { command: 'apply', retries: 0 })
    t.equal(parts, expected, flag)
    t.equal((await store.read()).keys.length, 1000, flag)
    if (!flag.includes('bytes')) continue
    const large = [...putsOf(1000, '1'), { key: 'services/large', value: 'v'.repeat(400_000) }]
    await t.rejects(writer.whole(toward(large), { command: 'apply', retries: 0 }), {
      message: /^services\/large is of 400000 bytes, more than this etcd takes at once: http:.* too large$/,
    })
  }
})
