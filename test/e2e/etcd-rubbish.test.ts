import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { EtcdClient } from '../../src/etcd/etcd-client.js'
import { decodeState } from '../../src/fleet/publish/director-state.js'
import { leaderOf, NO_ETCD, startEtcd, type EtcdCluster } from '../support/etcd.js'

import { randomFrom } from '../support/random.js'
import { tempDir } from '../support/temp.js'
import { ip, ownNetwork, veth } from '../linux/own-network.js'
import { EtcdDirector, until } from './etcd-director.js'

/*
 * Three members of etcd, three directors, and in an order by chance: changes, rubbish, compactions, leaders that are killed or stopped, all
 * data deleted, all members killed. All the while each director has the rules of one change, whole, and none older than before.
 */

const skip = NO_ETCD || ownNetwork()
const SEED = Number(process.env['UVS_SEED'] ?? 18)
const STEPS = 14
const PREFIX = '/uvs/site1'
const NAMES = ['a', 'b', 'c']
const PORTS = [80, 81, 82]
const NOBODY = { version: 1, service: { protocol: 'tcp', address: '10.99.1.9', port: 9 } }

t.setTimeout(420_000)

/** Of change N all weights are N. */
const value = (port: number, n: number): string =>
  JSON.stringify({
    version: 1,
    service: {
      protocol: 'tcp',
      address: '10.99.1.100',
      port,
      destinations: [11, 12].map(host => ({ address: `10.99.2.${host}`, port: 80, weight: n })),
    },
  })
const goodKeys = PORTS.map(port => `${PREFIX}/services/${port}`)
const puts = (n: number) => PORTS.map((port, i) => ({ put: { key: goodKeys[i]!, value: value(port, n) } }))

/** What may be put below the prefix, and directors refuse. */
const RUBBISH: Record<string, string> = {
  newer: JSON.stringify({ ...NOBODY, version: 2 }),
  octets: '\0\ufffd rubbish',
  list: '[]',
  double: value(80, 99),
  scheduler: JSON.stringify({ ...NOBODY, service: { ...NOBODY.service, scheduler: 'nosuch' } }),
  large: JSON.stringify({ ...NOBODY, more: 'x'.repeat(1_000_000) }),
}

class Story {
  readonly random = randomFrom(SEED)
  readonly etcd: EtcdClient
  /** The change that was made last. */
  n = 1
  /** Keys that directors refuse, and whether good ones are missing. */
  readonly #rubbish = new Set<string>()
  #isMissing = false

  constructor(
    readonly t: Test,
    readonly cluster: EtcdCluster,
  ) {
    this.etcd = new EtcdClient({ endpoints: cluster.endpoints })
    t.teardown(() => this.etcd.close())
  }

  /** Until it is done: a cluster without a leader refuses for a while. What may be done twice. */
  async surely<T>(ask: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await ask()
      } catch (error) {
        if (tries === 300) throw error
        await sleep(100)
      }
    }
  }

  /** Whether all directors have published that they refuse what is there, or, if it is good, that they do not. */
  async isNoticed(): Promise<boolean> {
    const isRefused = this.#isMissing || this.#rubbish.size > 0
    const keys = NAMES.map(name => `${PREFIX}/directors/${name}`)
    const found = await this.surely(() => Promise.all(keys.map(key => this.etcd.get(key))))
    return keys.every((key, i) => {
      const state = found[i] && decodeState(key, found[i].value)
      return state !== undefined && (state.rules.refused !== undefined) === isRefused
    })
  }

  readonly deeds: Record<string, () => Promise<void>> = {
    change: async () => {
      this.n++
      await this.surely(() => this.etcd.txn({ compare: [], success: puts(this.n) }))
      this.#isMissing = false
    },
    rubbish: async () => {
      const kinds = Object.keys(RUBBISH)
      const kind = kinds[Math.floor(this.random() * kinds.length)]!
      await this.surely(() => this.etcd.put(`${PREFIX}/services/${kind}`, RUBBISH[kind]!))
      this.#rubbish.add(kind)
    },
    'rubbish in a good key': async () => {
      await this.surely(() => this.etcd.put(goodKeys[Math.floor(this.random() * 3)]!, '{'))
      this.#isMissing = true
    },
    'rubbish away': async () => {
      for (const kind of Object.keys(RUBBISH))
        await this.surely(() => this.etcd.delete({ key: `${PREFIX}/services/${kind}` }))
      await this.surely(() => this.etcd.txn({ compare: [], success: puts(this.n) }))
      this.#rubbish.clear()
      this.#isMissing = false
    },
    'all keys away': async () => {
      await this.surely(() => this.etcd.delete({ prefix: PREFIX }))
      this.#rubbish.clear()
      this.#isMissing = true
    },
    compaction: async () => {
      const { revision } = await this.surely(() => this.etcd.range({ key: goodKeys[0]! }))
      const body = JSON.stringify({ revision: String(revision), physical: true })
      await fetch(`${this.cluster.members[0]!.endpoint}/v3/kv/compaction`, { method: 'POST', body })
    },
    'leader killed': async () => {
      const leader = await leaderOf(this.cluster)
      await leader.kill()
      await this.deeds['change']!()
      await leader.start()
    },
    'leader stopped': async () => {
      const leader = await leaderOf(this.cluster)
      process.kill(leader.pid!, 'SIGSTOP')
      await this.deeds['change']!()
      process.kill(leader.pid!, 'SIGCONT')
    },
    'all members killed': async () => {
      await Promise.all(this.cluster.members.map(member => member.kill()))
      await Promise.all(this.cluster.members.map(member => member.start()))
    },
  }
}

t.test(`directors over whatever becomes of etcd, UVS_SEED=${SEED}`, { skip }, async t => {
  ip('link set lo up')
  for (const name of NAMES) veth(`d-${name}`, `e-${name}`)
  const story = new Story(t, await startEtcd(t, 3))
  await story.surely(() => story.etcd.txn({ compare: [], success: puts(story.n) }))
  const urls = story.cluster.members.map(({ endpoint }) => endpoint).join()
  const directors = NAMES.map(name => {
    const args = ['--raw', `d-${name}`, '--address', `10.99.1.1/24@d-${name}`, '--max-connections', '1024']
    args.push('--etcd', urls, '--etcd-prefix', PREFIX, '--etcd-name', name, '--etcd-state', `${tempDir(t)}/state`)
    return new EtcdDirector(t, `${tempDir(t)}/uvs.sock`, args)
  })
  await Promise.all(directors.map(each => each.ready(t)))

  const said = (): string => directors.map(({ err }) => err.split('\n').slice(-4).join('\n')).join('\n')

  const newest = NAMES.map(() => 0)
  const looks = { count: 0, isOver: false }
  const look = async (): Promise<number[]> => {
    looks.count++
    return Promise.all(
      directors.map(async (each, i) => {
        const services = await each.services()
        const weights = services.flatMap(({ destinations }) => destinations.map(({ weight }) => weight))
        if (new Set(weights).size !== 1 || weights.length !== 6 || weights[0]! < newest[i]! || weights[0]! > story.n)
          t.fail(`${NAMES[i]} has ${JSON.stringify(await each.rules())} after change ${newest[i]}`)
        return (newest[i] = weights[0] ?? 0)
      }),
    )
  }
  const looking = (async () => {
    while (!looks.isOver) {
      await look()
      await sleep(20)
    }
  })()
  const kinds = Object.keys(story.deeds)
  const left: string[] = []
  for (let step = 0; step < STEPS; step++) {
    // Each once before any is done again.
    if (left.length === 0) left.push(...kinds)
    const [kind] = left.splice(Math.floor(story.random() * left.length), 1)
    t.comment(kind!)
    await story.deeds[kind!]!()
    await until(t, `${kind} is noticed`, () => story.isNoticed(), said)
  }
  await story.deeds['change']!()
  await story.deeds['rubbish away']!()
  await until(t, `all have change ${story.n}`, async () => (await look()).every(n => n === story.n), said)
  looks.isOver = true
  await looking
  t.strictSame(newest, [story.n, story.n, story.n])
  t.ok(looks.count > STEPS, `${looks.count} looks`)
  for (const each of directors) await each.end('SIGTERM')
})
