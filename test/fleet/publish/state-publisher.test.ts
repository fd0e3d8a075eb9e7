import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { decodeState, encodeState, type DirectorState } from '../../../src/fleet/publish/director-state.js'
import { EtcdClient } from '../../../src/etcd/etcd-client.js'
import { StatePublisher } from '../../../src/fleet/publish/state-publisher.js'
import { NO_ETCD, startEtcd } from '../../support/etcd.js'

const STATE: DirectorState = {
  name: 'lb1',
  uvs: '1.0.0',
  since: '2026-11-30T05:00:00Z',
  rules: { revision: 7, from: 'etcd', services: 1, realServers: 2 },
  health: { servicesDown: 0, realServersDown: 1 },
  load: { connections: 3, cps: 1, inPps: 2, outPps: 3, inBps: 4, outBps: 5 },
  isDraining: false,
}

t.test('a state is read as it was written; what is none is named with its key', async t => {
  t.strictSame(decodeState('k', encodeState(STATE)), STATE)
  t.strictSame(decodeState('k', encodeState({ ...STATE, later: 1 } as never)), STATE, 'a newer director may say more')
  const refused = { ...STATE, rules: { ...STATE.rules, refused: '/u/services/a: no JSON' } }
  t.strictSame(decodeState('k', encodeState(refused)), refused)
  for (const text of [
    '',
    '{}',
    '[]',
    '{"version":2}',
    '{"version":1,"director":{}}',
    encodeState({ ...STATE, load: { ...STATE.load, cps: -1 } }),
  ])
    t.throws(() => decodeState('k', text), { key: 'k', message: /^k: / }, text)
})

t.test('a key lives under a lease; a lease that has ended is made anew', async t => {
  const did: string[] = []
  let leases = 0
  let isAlive = true
  let isAway = true
  const publisher = new StatePublisher({
    etcd: {
      async grantLease() {
        if (isAway) throw new Error('http://a: no answer')
        return { id: `l${++leases}`, ttl: 15 }
      },
      renewLease: async () => (isAlive ? 15 : 0),
      revokeLease: async id => void did.push(`revoke ${id}`),
      get: async () => undefined,
      async txn({ success }) {
        const { key, value, lease } = (success[1] as { put: { key: string; value: string; lease: string } }).put
        did.push(`${key}=${value} ${lease}`)
        return { succeeded: true, revision: 1, results: [{ kvs: [], deleted: 0 }] }
      },
    },
    key: 'k',
    value: async () => 'v',
    tell: line => void did.push(line),
  })
  const until = async (line: string): Promise<void> => {
    for (let i = 0; i < 1000 && !did.includes(line); i++) await sleep(10)
    t.ok(did.includes(line), did.join(' | '))
  }
  await until('etcd: this director is not listed: http://a: no answer')
  publisher.changed()
  await sleep(100)
  isAway = false
  publisher.changed()
  await until('k=v l1')
  t.equal(did.length, 2, 'it was told once')
  isAlive = false
  publisher.changed()
  await until('k=v l2')
  await publisher.close()
  t.equal(did.at(-1), 'revoke l2')
})

t.test(
  'a change is one request; a lease that has gone is made anew for it, and nothing is told',
  { skip: NO_ETCD },
  async t => {
    const { endpoints } = await startEtcd(t)
    const etcd = new EtcdClient({ endpoints })
    t.teardown(() => etcd.close())
    const asked: string[] = []
    const key = '/uvs/directors/lb1'
    let value = 'v0'
    const counted = <A extends unknown[], R>(name: string, ask: (...args: A) => R) => {
      return (...args: A): R => {
        asked.push(name)
        return ask(...args)
      }
    }
    const publisher = new StatePublisher({
      etcd: {
        grantLease: counted('grantLease', ttl => etcd.grantLease(ttl)),
        renewLease: counted('renewLease', id => etcd.renewLease(id)),
        revokeLease: id => etcd.revokeLease(id),
        get: counted('get', it => etcd.get(it)),
        txn: counted('txn', it => etcd.txn(it)),
      },
      key,
      value: async () => value,
      tell: line => t.fail(line),
    })
    t.teardown(() => publisher.close())
    const holds = async (wanted: string): Promise<void> => {
      let held
      for (let i = 0; i < 500 && held !== wanted; i++) {
        await sleep(10)
        held = (await etcd.get(key))?.value
      }
      t.equal(held, wanted)
    }
    const change = async (now: string): Promise<string[]> => {
      asked.length = 0
      value = now
      publisher.changed()
      await holds(now)
      return [...asked]
    }
    await holds('v0')
    t.strictSame(await change('v1'), ['txn'])
    t.strictSame(await change('v2'), ['txn'])
    await etcd.revokeLease((await etcd.get(key))!.lease!)
    t.strictSame(await change('v3'), ['txn', 'renewLease', 'grantLease', 'txn'])
    t.strictSame(await change('v4'), ['txn'])
  },
)

t.test('two directors of one name are told, each once; one that starts again is not', { skip: NO_ETCD }, async t => {
  const { endpoints } = await startEtcd(t)
  const lines: string[] = []
  const publish = (who: string) => {
    const etcd = new EtcdClient({ endpoints })
    t.teardown(() => etcd.close())
    const publisher = new StatePublisher({
      etcd,
      key: '/uvs/directors/lb1',
      value: async () => who,
      tell: line => void lines.push(`${who}: ${line}`),
    })
    t.teardown(() => publisher.close())
    return publisher
  }
  const reader = new EtcdClient({ endpoints })
  t.teardown(() => reader.close())
  // Changes come faster than they are gathered: they are published all the same.
  const holds = async (who: string, publisher: StatePublisher): Promise<void> => {
    const held: (string | undefined)[] = []
    for (let i = 0; i < 500 && held.at(-1) !== who; i++) {
      publisher.changed()
      await sleep(20)
      held.push((await reader.get('/uvs/directors/lb1'))?.value)
    }
    t.equal(held.at(-1), who)
  }
  const { id: lease } = await reader.grantLease(60)
  await reader.put('/uvs/directors/lb1', 'of a run that was killed', { lease })
  const again = publish('again')
  await holds('again', again)
  t.strictSame(lines, [], 'what the last run left is no other director')
  const other = publish('other')
  for (const [who, publisher] of [
    ['other', other],
    ['again', again],
    ['other', other],
    ['again', again],
  ] as const)
    await holds(who, publisher)
  const line = 'etcd: another director writes /uvs/directors/lb1 too: give each an --etcd-name of its own'
  t.strictSame(lines.toSorted(), [`again: ${line}`, `other: ${line}`])
  await other.close()
  await again.close()
})
