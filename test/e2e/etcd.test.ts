import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { EtcdClient } from '../../src/etcd/etcd-client.js'
import { leaderOf, NO_ETCD, startEtcd, type EtcdCluster } from '../support/etcd.js'
import { tempDir } from '../support/temp.js'
import { ip, ownNetwork, veth } from '../linux/own-network.js'
import { EtcdDirector, until } from './etcd-director.js'

/* Directors that follow etcd itself, over all that may become of it. Whole processes, on loopback. */

const skip = NO_ETCD || ownNetwork()
const PREFIX = '/uvs/site1'
const WEB = `${PREFIX}/services/web`

// Everything is started, some of it several times, on machines that are busy with other tests.
t.setTimeout(420_000)

/** The value of a service whose real servers have these weights. */
function service(port: number, ...weights: number[]): string {
  const destinations = weights.map((weight, i) => ({ address: `10.99.2.${i + 11}`, port: 80, weight }))
  return JSON.stringify({
    version: 1,
    service: { protocol: 'tcp', address: '10.99.1.100', port, scheduler: 'rr', destinations },
  })
}

const putOp = (key: string, value: string) => ({ put: { key, value } })

/** A director on an interface of its own. */
async function director(
  t: Test,
  name: string,
  { endpoints }: Pick<EtcdCluster, 'endpoints'>,
  state = `${tempDir(t)}/state`,
) {
  const urls = endpoints.map(({ port }) => `http://127.0.0.1:${port}`).join()
  const args = ['--raw', `d-${name}`, '--address', `10.99.1.1/24@d-${name}`, '--max-connections', '1024']
  args.push('--etcd', urls, '--etcd-prefix', PREFIX, '--etcd-name', name, '--etcd-state', state)
  const made = new EtcdDirector(t, `${tempDir(t)}/uvs.sock`, args)
  await made.ready(t)
  return made
}

function client(t: Test, { endpoints }: Pick<EtcdCluster, 'endpoints'>): EtcdClient {
  const etcd = new EtcdClient({ endpoints })
  t.teardown(() => etcd.close())
  return etcd
}

/** Waits until all have these rules. */
async function have(
  t: Test,
  directors: readonly EtcdDirector[],
  what: string,
  rules: readonly string[],
): Promise<void> {
  for (const each of directors)
    await until(
      t,
      what,
      async () => JSON.stringify(await each.rules()) === JSON.stringify(rules),
      () => each.err,
    )
}

/** Puts until it is done: a cluster without a leader refuses for a while. */
async function put(etcd: EtcdClient, key: string, value: string): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (
      await etcd.put(key, value).then(
        () => true,
        () => false,
      )
    )
      return
    await sleep(100)
  }
  throw new Error(`${key} could not be put within half a minute`)
}

t.test('rules by etcd', { skip }, async t => {
  ip('link set lo up')
  for (const name of ['a', 'b', 'c']) veth(`d-${name}`, `e-${name}`)

  await t.test('what etcd holds is what the director has', async t => {
    const cluster = await startEtcd(t)
    const etcd = client(t, cluster)
    await etcd.put(WEB, service(80, 1, 1))
    const a = await director(t, 'a', cluster)
    await have(t, [a], 'at the start', ['10.99.1.100:80 rr 10.99.2.11=1,10.99.2.12=1'])

    await t.test('a change is one of what differs', async t => {
      await etcd.put(WEB, service(80, 1, 3))
      await have(t, [a], 'the change', ['10.99.1.100:80 rr 10.99.2.11=1,10.99.2.12=3'])
      await a.says(t, /revision \d+: 1 real server changed; 0 connections touched/)
    })

    await t.test('a transaction of several keys is whole, with its lines in ipvsadm-save form', async t => {
      const lines = '-A -t 10.99.1.100:82 -s rr\n-a -t 10.99.1.100:82 -r 10.99.2.11:80 -g -w 1\n'
      await etcd.txn({
        compare: [],
        success: [putOp(WEB, service(80, 2)), putOp(`${WEB}2`, service(81, 1)), putOp(`${PREFIX}/rules`, lines)],
      })
      await have(t, [a], 'all three', [
        '10.99.1.100:80 rr 10.99.2.11=2',
        '10.99.1.100:81 rr 10.99.2.11=1',
        '10.99.1.100:82 rr 10.99.2.11=1',
      ])
    })

    await t.test('what cannot be used is refused with its key; none of its transaction is applied', async t => {
      const before = await a.rules()
      for (const [key, value, why] of [
        [
          `${WEB}3`,
          '{"version":1,"service":{"mark":1,"shceduler":"rr"}}',
          /services\/web3: service\.shceduler: there is no such field/,
        ],
        [`${WEB}3`, '{"version":1,"service":{"mark":1,"scheduler":"nosuch"}}', /services\/web3: no such scheduler/],
        [`${WEB}3`, service(80, 1), /services\/web3: tcp 10\.99\.1\.100:80 is the service of .*services\/web already/],
        [`${PREFIX}/rules`, '-A -t 10.99.1.100:82 -s rr\n-a -t 10.99.1.100:83 -r x\n', /site1\/rules: line 2: /],
        [
          `${PREFIX}/rules`,
          '-A -t 10.99.1.100:81 -s rr\n',
          /services\/web2: tcp 10\.99\.1\.100:81 is a service of the rules/,
        ],
      ] as const) {
        const good = (await etcd.get(key))?.value
        await etcd.txn({
          compare: [],
          success: [{ put: { key, value } }, { put: { key: `${WEB}4`, value: service(99, 1) } }],
        })
        await until(
          t,
          `${why} is told`,
          () => why.test(a.err),
          () => a.err,
        )
        t.strictSame(await a.rules(), before, 'the last good rules stay')
        const undo = good === undefined ? { delete: { key } } : { put: { key, value: good } }
        await etcd.txn({ compare: [], success: [undo, { delete: { key: `${WEB}4` } }] })
      }
      await etcd.put(WEB, service(80, 5))
      await until(t, 'it goes on', async () => (await a.rules())[0] === '10.99.1.100:80 rr 10.99.2.11=5')
    })

    await t.test('a change by hand is undone by the next application, and told', async t => {
      const key = { protocol: 'tcp', address: '10.99.1.100', port: 81 } as const
      await a.control.call({ op: 'delete-service', service: key })
      await etcd.put(`${WEB}2`, service(81, 7))
      await until(
        t,
        'the service is there again',
        async () => (await a.rules())[1] === '10.99.1.100:81 rr 10.99.2.11=7',
      )
      await a.says(t, /a change made beside it: - -D -t 10\.99\.1\.100:81: what etcd holds counts/)
      const beside = async () => {
        const read: unknown = JSON.parse((await etcd.get(`${PREFIX}/directors/a`))?.value ?? '{}')
        return (read as { director?: { rules: { beside?: object } } }).director?.rules.beside
      }
      await until(t, 'nothing differs any more', async () => (await beside()) === undefined)
      await a.control.call({ op: 'delete-service', service: key })
      await until(t, 'it is published', async () => (await beside()) !== undefined)
      t.strictSame(await beside(), { changed: 1, added: 0, first: 'tcp 10.99.1.100:81' })
      await a.says(
        t,
        /tcp 10\.99\.1\.100:81 was changed beside it: it stands until that changes in etcd, or until SIGHUP/,
      )
      a.signal('SIGHUP')
      await until(t, 'SIGHUP sets it right', async () => (await a.rules()).length === 3)
      await until(t, 'and that is published', async () => (await beside()) === undefined)
      await until(t, 'it is told', () => a.err.includes('SIGHUP: the rules are those of etcd'))
    })

    await t.test('it is listed as long as it lives', async t => {
      const key = `${PREFIX}/directors/a`
      const state = async () =>
        JSON.parse((await etcd.get(key))?.value ?? '{}') as {
          director?: { rules: { revision: number; services: number } }
        }
      const { modRevision } = (await etcd.get(`${WEB}2`))!
      await until(t, 'its revision', async () => (await state()).director?.rules.revision === modRevision)
      t.equal((await state()).director?.rules.services, 3)
      await a.end('SIGTERM')
      t.equal(await etcd.get(key), undefined)
    })
  })

  await t.test('etcd is killed, compacted, replaced: the director serves on, and comes back to it', async t => {
    const cluster = await startEtcd(t)
    const [member] = cluster.members
    const etcd = client(t, cluster)
    const state = `${tempDir(t)}/state`
    await etcd.put(WEB, service(80, 1))
    let a = await director(t, 'a', cluster, state)
    const first = ['10.99.1.100:80 rr 10.99.2.11=1']
    await have(t, [a], 'at the start', first)

    await t.test('killed, and changed and compacted while the director is stopped', async t => {
      await member!.kill()
      await until(
        t,
        'lost',
        () => /etcd: http.*: the rules stay as they are/.test(a.err),
        () => a.err,
      )
      t.strictSame(await a.rules(), first)
      a.signal('SIGSTOP')
      await member!.start()
      for (let weight = 1; weight < 6; weight++) await etcd.put(WEB, service(80, weight))
      const { revision } = await etcd.range({ key: WEB })
      await fetch(`${member!.endpoint}/v3/kv/compaction`, {
        method: 'POST',
        body: JSON.stringify({ revision: String(revision) }),
      })
      a.signal('SIGCONT')
      await have(t, [a], 'after the compaction', ['10.99.1.100:80 rr 10.99.2.11=5'])
    })

    await t.test('its data is lost, and then rubbish', async t => {
      const before = await a.rules()
      await etcd.delete({ prefix: PREFIX })
      await until(t, 'an empty prefix is told', () => a.err.includes(`${PREFIX}/ holds no rules`))
      t.strictSame(await a.rules(), before)
      await etcd.put(WEB, '\0rubbish')
      await until(t, 'rubbish is told', () => /services\/web: no JSON/.test(a.err))
      t.strictSame(await a.rules(), before)
      await etcd.delete({ key: WEB })
      await etcd.put(`${PREFIX}/rules`, '# none\n')
      await have(t, [a], 'rules without lines are none', [])
      await etcd.put(WEB, service(80, 6))
      await have(t, [a], 'rules again', ['10.99.1.100:80 rr 10.99.2.11=6'])
    })

    await t.test('its data directory is lost: a new store, whose revisions are behind', async t => {
      const before = await a.rules()
      await member!.kill()
      rmSync(member!.dataDir, { recursive: true })
      a.err = ''
      await member!.start()
      await until(
        t,
        'it is told',
        () => a.err.includes(`${PREFIX}/ holds no rules`),
        () => a.err,
      )
      t.strictSame(await a.rules(), before)
      await etcd.put(WEB, service(80, 6, 6))
      await have(t, [a], 'the new store counts', ['10.99.1.100:80 rr 10.99.2.11=6,10.99.2.12=6'])
      await etcd.put(WEB, service(80, 6))
      await have(t, [a], 'and goes on', ['10.99.1.100:80 rr 10.99.2.11=6'])
    })

    await t.test('a start without etcd uses the last rules, from a file of its own', async t => {
      const file = `${state}/rules-uvs-site1.json`
      await until(t, 'the file', () => readFileSync(file, 'utf8').includes('\\"weight\\":6'))
      t.equal(statSync(file).mode & 0o777, 0o600)
      t.equal(statSync(state).mode & 0o777, 0o700)
      await a.end('SIGKILL')
      await member!.kill()
      a = await director(t, 'a', cluster, state)
      t.strictSame(await a.rules(), ['10.99.1.100:80 rr 10.99.2.11=6'], 'as soon as it is ready')
      await a.says(t, /the last rules that were seen are used, of revision \d+ \(.*rules-uvs-site1\.json\)/)
      await member!.start()
      await etcd.put(WEB, service(80, 7))
      await have(t, [a], 'etcd is there again', ['10.99.1.100:80 rr 10.99.2.11=7'])
      await a.end('SIGTERM')
    })

    await t.test('a start with neither says so; a file that is damaged is not used', async t => {
      await member!.kill()
      const damaged = `${tempDir(t)}/state`
      mkdirSync(damaged, { mode: 0o700 })
      writeFileSync(`${damaged}/rules-uvs-site1.json`, '{"version":1,"prefix":"/uvs/site1","kvs":[{"key":', {
        mode: 0o600,
      })
      a = await director(t, 'a', cluster, damaged)
      await a.says(t, /the last rules that were seen are not used \(.*\n.*nothing is served yet/s)
      await member!.start()
      await have(t, [a], 'etcd is there', ['10.99.1.100:80 rr 10.99.2.11=7'])
      await a.end('SIGTERM')
    })
  })

  await t.test('three members: whoever leads is killed, and three directors come to the same', async t => {
    const cluster = await startEtcd(t, 3)
    const etcd = client(t, cluster)
    await put(etcd, WEB, service(80, 1))
    const all = await Promise.all(['a', 'b', 'c'].map(name => director(t, name, cluster)))
    await have(t, all, 'at the start', ['10.99.1.100:80 rr 10.99.2.11=1'])
    const times: number[] = []
    for (let weight = 50; weight < 55; weight++) {
      const at = performance.now()
      await put(etcd, WEB, service(80, weight))
      await have(t, all, 'a change', [`10.99.1.100:80 rr 10.99.2.11=${weight}`])
      times.push(Math.round(performance.now() - at))
    }
    t.comment(`a change is on all three after ${times.join(', ')} ms`)
    let weight = 1
    for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
      const leader = await leaderOf(cluster)
      if (signal === 'SIGKILL') await leader.kill()
      else process.kill(leader.pid!, 'SIGSTOP')
      await put(etcd, WEB, service(80, ++weight, weight))
      await have(t, all, `the leader is gone by ${signal}`, [
        `10.99.1.100:80 rr 10.99.2.11=${weight},10.99.2.12=${weight}`,
      ])
      if (signal === 'SIGKILL') await leader.start()
      else process.kill(leader.pid!, 'SIGCONT')
    }
    for (const each of all) await each.end('SIGTERM')
  })
})
