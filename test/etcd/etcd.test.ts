import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { EtcdClient } from '../../src/etcd/etcd-client.js'
import type { WatchEvents } from '../../src/etcd/watch.js'
import { leaderOf, NO_ETCD, startEtcd, type EtcdCluster } from '../support/etcd.js'

/* The client with etcd itself, on loopback. */

function client(t: Test, { endpoints }: Pick<EtcdCluster, 'endpoints'>, more = {}): EtcdClient {
  const etcd = new EtcdClient({ endpoints, ...more })
  t.teardown(() => etcd.close())
  return etcd
}

async function until(t: Test, what: string, is: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (await is()) return
    await sleep(100)
  }
  t.fail(`not within a minute: ${what}`)
}

/** Values by key, as a watch told of them, and how it went. */
function followed(t: Test, etcd: EtcdClient, from: number) {
  const seen = new Map<string, string>()
  const told: string[] = []
  const events: WatchEvents = {
    changed(changes) {
      for (const each of changes) {
        if ('put' in each) seen.set(each.put.key, each.put.value)
        else seen.delete(each.deleted)
      }
    },
    compacted: () => void told.push('compacted'),
    lost: () => void told.push('lost'),
    resumed: () => void told.push('resumed'),
  }
  const watch = etcd.watch({ prefix: '/u/' }, from, events)
  t.teardown(() => watch.close())
  return { seen, told }
}

t.test('one member', { skip: NO_ETCD }, async t => {
  const cluster = await startEtcd(t)
  const [member] = cluster.members
  const etcd = client(t, cluster)

  await t.test('put, get, a range of many pages, delete', async t => {
    await etcd.put('/u/ä', 'ö\0')
    t.match(await etcd.get('/u/ä'), { value: 'ö\0', lease: undefined })
    t.equal(await etcd.get('/u/none'), undefined)
    for (let i = 0; i < 2500; i += 100) {
      const success = Array.from({ length: 100 }, (_, j) => ({ put: { key: `/many/${i + j}`, value: String(i + j) } }))
      await etcd.txn({ compare: [], success })
    }
    const { kvs, revision } = await etcd.range({ prefix: '/many/' })
    t.equal(new Set(kvs.map(({ key }) => key)).size, 2500)
    t.ok(kvs.every(({ key, value }) => key === `/many/${value}`))
    t.equal(await etcd.delete({ prefix: '/many/' }), 2500)
    t.equal((await etcd.range({ prefix: '/many/' }, { revision, keysOnly: true })).kvs.length, 2500, 'as it was')
  })

  await t.test('of two who compare and swap, one does', async t => {
    await etcd.put('/u/cas', '0')
    const { modRevision } = (await etcd.get('/u/cas'))!
    const swap = (value: string) =>
      etcd.txn({
        compare: [{ key: '/u/cas', modRevision }],
        success: [{ put: { key: '/u/cas', value } }],
        failure: [{ range: { key: '/u/cas' } }],
      })
    const [one, two] = await Promise.all([swap('1'), swap('2')])
    t.equal([one, two].filter(({ succeeded }) => succeeded).length, 1)
    const loser = [one, two].find(({ succeeded }) => !succeeded)!
    t.equal(loser.results[0]!.kvs[0]!.value, one.succeeded ? '1' : '2')
    t.ok(
      (
        await etcd.txn({
          compare: [{ key: '/u/new', modRevision: 0 }],
          success: [{ put: { key: '/u/new', value: '' } }],
        })
      ).succeeded,
    )
  })

  await t.test('a lease keeps its key as long as it is renewed', async t => {
    const { id } = await etcd.grantLease(2)
    await etcd.put('/u/leased', 'x', { lease: id })
    t.equal((await etcd.get('/u/leased'))?.lease, id)
    t.equal(await etcd.renewLease(id), 2)
    await etcd.revokeLease(id)
    t.equal(await etcd.get('/u/leased'), undefined)
    t.equal(await etcd.renewLease(id), 0, 'it has ended')
    t.equal(await etcd.renewLease('12345'), 0, 'there was none')
  })

  await t.test('a watch outlives a killed etcd', async t => {
    const from = await etcd.put('/u/a', '1')
    const { seen, told } = followed(t, etcd, from)
    await until(t, 'the first value', () => seen.get('/u/a') === '1')
    await member!.kill()
    await until(t, 'lost', () => told.includes('lost'))
    await member!.start()
    await etcd.put('/u/a', '2')
    await until(t, 'the second value', () => seen.get('/u/a') === '2')
    t.strictSame(told, ['lost', 'resumed'])
  })

  await t.test('a watch from a compacted revision says so', async t => {
    const revision = await etcd.put('/u/a', '3')
    await fetch(`${member!.endpoint}/v3/kv/compaction`, {
      method: 'POST',
      body: JSON.stringify({ revision: String(revision) }),
    })
    const { told } = followed(t, etcd, 2)
    await until(t, 'compacted', () => told.includes('compacted'))
    t.match(await etcd.range({ prefix: '/u/' }, { revision: 2 }).catch(error => error as unknown), {
      kind: 'compacted',
    })
  })

  await t.test('a transaction of more than one message is told whole', async t => {
    const from = (await etcd.range({ key: '/u/a' })).revision + 1
    const batches: number[] = []
    const watch = etcd.watch({ prefix: '/big/' }, from, {
      changed: events => void batches.push(events.length),
      compacted() {},
      lost() {},
      resumed() {},
    })
    t.teardown(() => watch.close())
    const value = 'x'.repeat(12_000)
    for (let n = 0; n < 4; n++)
      await etcd.txn({
        compare: [],
        success: Array.from({ length: 100 }, (_, i) => ({ put: { key: `/big/${i}`, value } })),
      })
    await until(t, 'all of them', () => batches.reduce((sum, each) => sum + each, 0) === 400)
    t.ok(
      batches.every(each => each % 100 === 0),
      `${batches.join()}: none is cut`,
    )
  })
})

t.test('with users', { skip: NO_ETCD }, async t => {
  const cluster = await startEtcd(t, 1, ['--auth-token', 'simple'])
  const ask = (path: string, body: object): Promise<unknown> =>
    fetch(`${cluster.members[0]!.endpoint}/v3/auth/${path}`, { method: 'POST', body: JSON.stringify(body) })
  await ask('user/add', { name: 'root', password: 'r' })
  await ask('user/grant', { user: 'root', role: 'root' })
  await ask('enable', {})
  await t.rejects(client(t, cluster).put('/u/a', 'x'), { kind: 'refused' } as never, 'nobody may not')
  const etcd = client(t, cluster, { user: { name: 'root', password: 'r' } })
  await etcd.put('/u/a', 'x')
  // Who restarts has forgotten its tokens.
  await cluster.members[0]!.kill()
  await cluster.members[0]!.start()
  t.match(await etcd.get('/u/a'), { value: 'x' })
  const { seen } = followed(t, etcd, 1)
  await until(t, 'a watch with a token', () => seen.get('/u/a') === 'x')
})

t.test('three members: whoever leads is killed, and writes and watches go on', { skip: NO_ETCD }, async t => {
  const cluster = await startEtcd(t, 3)
  const etcd = client(t, cluster)
  const { seen, told } = followed(t, etcd, await etcd.put('/u/a', '0'))
  for (let round = 1; round <= 2; round++) {
    const leader = await leaderOf(cluster)
    await leader.kill()
    const write = (): Promise<boolean> =>
      etcd.put('/u/a', String(round)).then(
        () => true,
        () => false,
      )
    await until(t, `a write without the leader of round ${round}`, write)
    await until(t, `it is seen`, () => seen.get('/u/a') === String(round))
    await leader.start()
  }
  t.notOk(told.includes('compacted'))
})
