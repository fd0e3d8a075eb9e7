import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Outcome } from '../../../../src/control/protocol/api.js'
import { EtcdClient } from '../../../../src/etcd/etcd-client.js'
import { encodeState } from '../../../../src/fleet/publish/director-state.js'
import { leaderOf, NO_ETCD, startEtcd, type EtcdCluster } from '../../../support/etcd.js'
import { runCommand, startCommand } from '../../../support/run-command.js'
import { sampleState } from './sample-state.js'

/* uvs fleet as a user runs it, with etcd on loopback. */

const RULES =
  '-A -t 10.0.0.1:80 -s wlc\n-a -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 3\n-a -t 10.0.0.1:80 -r 10.0.1.2:80 -m -w 1\n'

class Site {
  readonly etcd: EtcdClient
  readonly #where: readonly string[]

  constructor(t: Test, { members, endpoints }: EtcdCluster) {
    this.etcd = new EtcdClient({ endpoints })
    t.teardown(() => this.etcd.close())
    this.#where = ['--etcd', members.map(({ endpoint }) => endpoint).join(), '--etcd-prefix', '/uvs/s']
  }
  run(stdin: string, ...words: string[]): Promise<Outcome> {
    return runCommand('fleet', stdin, ...words, ...this.#where)
  }
  start(...words: string[]): ReturnType<typeof startCommand> {
    return startCommand('fleet', '', ...words, ...this.#where)
  }
  async publish(name: string, revision: number, connections?: number): Promise<void> {
    await this.etcd.put(`/uvs/s/directors/${name}`, encodeState(sampleState(name, revision, connections)))
  }
  /** The rules, without the line of who wrote them. */
  async rules(): Promise<string> {
    return (await this.run('', 'show')).out.replace(/^#.*\n/, '')
  }
}

async function until(is: () => Promise<boolean> | boolean): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (await is()) return
    await sleep(200)
  }
  throw new Error('not within a minute')
}

/** 10 000 services of five real servers each; one of them with this weight. */
function many(weight: number): string {
  const lines: string[] = []
  for (let n = 0; n < 10_000; n++) {
    const vip = `10.${1 + (n >> 12)}.${(n >> 6) & 63}.${n & 63}:80`
    lines.push(`-A -t ${vip} -s mh`)
    for (let s = 1; s <= 5; s++) lines.push(`-a -t ${vip} -r 10.200.${n & 255}.${s}:80 -m -w ${n === 77 ? weight : 1}`)
  }
  return lines.join('\n')
}

function sorted(lines: string): string[] {
  return lines.trimEnd().split('\n').toSorted()
}

function revisionOf({ out }: Outcome): number {
  return Number(/revision (\d+)/.exec(out)?.[1])
}

t.test('commands', { skip: NO_ETCD, timeout: 240_000 }, async t => {
  const site = new Site(t, await startEtcd(t))

  await t.test('plan, apply, show', async t => {
    t.match(await site.run(RULES, 'plan', '-'), { status: 0, out: /\n3 changes, 1 key; revision 0\n$/, err: '' })
    t.equal(await site.rules(), '', 'a plan writes nothing')
    const applied = await site.run(RULES, 'apply', '-')
    t.match(applied, { status: 0, out: /^1 service added, 2 real servers added; revision \d+\n$/, err: '' })
    t.match((await site.run('', 'show')).out, /^# \/uvs\/s at revision \d+, last apply by \S+@\S+ at 20\S+Z\n-A/)
    t.equal(await site.rules(), RULES)
    const again = await site.run(RULES, 'apply', '-', '--json')
    t.match(JSON.parse(again.out), { fleetApplied: { revision: revisionOf(applied), transactions: 0, changes: {} } })
    const rules = JSON.parse((await site.run('', 'show', '--json')).out) as object
    t.match(rules, { version: 1, fleetRules: { services: [{ address: '10.0.0.1', destinations: { length: 2 } }] } })
    t.match(JSON.parse((await site.run('', 'plan', '-', '--json')).out), {
      fleetPlan: { changes: [{ request: { op: 'delete-service' } }] },
    })
  })

  await t.test('what is wrong: a line, a status, and nothing is written', async t => {
    const before = await site.run('', 'show')
    const cases: [string, string[], number, RegExp][] = [
      ['-A -t x\n', ['apply', '-'], 2, /^uvs fleet: - line 1: illegal virtual server .* \(-A -t x\)\n$/],
      [`${RULES}-A -f 1 -s zzz\n`, ['apply', '-'], 2, /^uvs fleet: - line 4: Scheduler or .* not found/],
      [RULES, ['apply', '-', '--at', '-1'], 2, /^uvs fleet: --at: '-1' is not a whole number/],
      [
        '',
        ['apply', '-', '--at', '1'],
        3,
        /wrote services\/tcp\/10.0.0.1:80 since revision 1 \(now \d+\): nothing was/,
      ],
      ['', ['apply', '/none'], 2, /^uvs fleet: cannot read \/none: no such file or directory\n$/],
      ['', ['drain', '10.0.0.1:80', '10.0.1.9'], 1, /has no real server 10.0.1.9:80: it has 10.0.1.\d:80, /],
      ['', ['drain', '10.0.0.9:80', '10.0.1.9'], 1, /there is no service 10.0.0.9:80\n$/],
      ['', ['drain', '--director', 'a b'], 2, /^uvs fleet: --director: 'a b' is not 1 to 128 of /],
      ['', ['drain', '--director', 'd9'], 1, /^uvs fleet: there is no director d9 in etcd\n$/],
      ['', ['drain', '--director', 'd9', '-r', '10.0.1.1'], 2, /a director or a real server\n$/],
      ['', ['drain', '10.0.0.1:80', '10.0.1.1', '--undo'], 2, /--undo goes with --director/],
      ['', ['drain', '10.0.0.1:80', '10.0.1.1', '--last'], 2, /--last goes with --director/],
      ['', ['drain', '--director', 'd9', '--last', '--undo'], 2, /--last and --undo: one or the other/],
    ]
    for (const [stdin, words, status, message] of cases) {
      const outcome = await site.run(stdin, ...words)
      t.match(outcome, { status, out: '', err: message }, words.join(' '))
      t.equal(outcome.err.split('\n').length, 2, outcome.err)
    }
    t.strictSame(await site.run('', 'show'), before)
  })

  await t.test('a key of a newer version is not replaced', async t => {
    await site.etcd.put('/uvs/s/services/new', '{"version":2,"service":{"mark":1}}')
    const why = 'services/new: version: 2 is of a newer uvs, this one knows 1'
    t.match(await site.run('', 'show'), { status: 1, err: new RegExp(`^uvs fleet: ${why}\n`) })
    t.match((await site.run(RULES, 'plan', '-')).out, /^! services\/new: .* newer uvs/m)
    for (const rules of [RULES, '-A -f 1 -s rr\n'])
      t.strictSame(await site.run(rules, 'apply', '-'), {
        status: 1,
        out: '',
        err: `uvs fleet: ${why}: nothing was written\n`,
      })
    t.ok(await site.etcd.get('/uvs/s/services/new'), 'it is there')
    await site.etcd.delete({ key: '/uvs/s/services/new' })
  })

  await t.test('no etcd', async t => {
    const outcome = await runCommand('fleet', '', 'show', '--etcd', 'http://127.0.0.1:1')
    t.match(outcome, { status: 1, out: '', err: /^uvs fleet: http:\/\/127.0.0.1:1: .*ECONNREFUSED.*\n$/ })
  })

  await t.test('drain: the weight, and what directors have left', async t => {
    await site.publish('d1', 1, 7)
    await site.publish('d2', 1e6, 5)
    const draining = site.start('drain', '-t', '10.0.0.1:80', '-r', '10.0.1.1', '--deadline', '100s')
    await until(async () => (await site.rules()) === RULES.replace('-w 3', '-w 0'))
    await until(() => /d1 has not got it yet, d2 5 connections/.test(draining.said()))
    await site.publish('d1', 1e6, 3)
    await site.publish('d2', 1e6, 0)
    await until(() => /d1 3 connections, d2 0 connections/.test(draining.said()))
    await site.publish('d1', 1e6, 0)
    const { status, out } = await draining.outcome
    t.equal(status, 0)
    const lines = out.trimEnd().split('\n')
    const put = 'uvs fleet drain -t 10.0.0.1:80 -r 10.0.1.1:80 --weight 3'
    t.match(lines[0], /^-t 10\.0\.0\.1:80 -r 10\.0\.1\.1:80: weight 3 → 0, revision \d+; to put it back: /)
    t.ok(lines[0]!.endsWith(put))
    t.match(lines.at(-1), 'no connection is left on 2 directors')

    await t.test('again, up to the deadline', async t => {
      await site.publish('d1', 1e6, 4)
      const { status, out } = await site.run('', 'drain', '10.0.0.1:80', '10.0.1.1', '--deadline', '1s', '--json')
      t.equal(status, 0)
      const said = out
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line) as { state: string; message?: string })
      t.strictSame(
        said.map(({ state }) => state),
        ['written', 'draining', 'kept'],
      )
      t.match(said.at(-1)?.message, /^the deadline has come: d1 4 connections, d2 0 connections$/)
    })
    await t.test('the last one with a weight: done, and told', async t => {
      const { status, out, err } = await site.run('', 'drain', '10.0.0.1:80', '10.0.1.2', '--weight', '0')
      t.equal(status, 0)
      t.match(out, /weight 1 → 0, /)
      t.equal(err, 'uvs fleet: -t 10.0.0.1:80 has no other real server with a weight: new clients are refused\n')
      const back = await site.run('', 'drain', '10.0.0.1:80', '10.0.1.2', '--weight', '1')
      t.match(back, { status: 0, err: '' })
    })
    await t.test('and back', async t => {
      const { status, out } = await site.run('', ...put.split(' ').slice(2))
      t.match([status, out], [0, /weight 0 → 3, revision \d+\n$/])
      t.equal(await site.rules(), RULES)
    })
  })

  await t.test('status', async t => {
    const revision = revisionOf(await site.run('', 'show'))
    await site.publish('d1', revision)
    await site.publish('d2', revision - 1)
    t.match(await site.run('', 'status'), {
      status: 1,
      out: new RegExp(`^! d2: it has the rules of revision ${revision - 1}, not ${revision}$`, 'm'),
    })
    const waiting = site.run('', 'status', '--wait', '1m', '--expect', '2')
    await sleep(700)
    await site.publish('d2', revision)
    t.match(await waiting, {
      status: 0,
      out: /^rules of revision \d+, last written by .*\nDIRECTOR .*\nd1 .*\nd2 .*\n$/,
    })
    t.match(await site.run('', 'status', '--expect', '3'), { status: 1, out: /^! 2 of 3 directors serve$/m })
    await site.etcd.put('/uvs/s/directors/d3', '{"version":1,"director":"\x1b[2J"}')
    const { out } = await site.run('', 'status', '--json')
    t.match(JSON.parse(out), {
      fleetStatus: { revision, directors: [{ name: 'd1' }, {}, { name: 'd3', why: String }] },
    })
    t.notMatch(out + (await site.run('', 'status')).out, /[^\P{Cc}\n]/u)
    await site.etcd.delete({ key: '/uvs/s/directors/d3' })
  })

  await t.test('a director to be drained', async t => {
    const draining = site.run('', 'drain', '--director', 'd2', '--deadline', '100s')
    await until(async () => (await site.etcd.get('/uvs/s/drain/directors/d2')) !== undefined)
    t.match((await site.run('', 'status')).out, /^d2 +to drain/m)
    await site.etcd.delete({ key: '/uvs/s/directors/d2' })
    const last = await site.run('', 'drain', '--director', 'd1')
    t.match(last, { status: 1, out: '', err: /^uvs fleet: d1 is the last director that serves: .*\n$/ })
    t.match(await draining, {
      status: 0,
      out: /^d2: to be drained; before it starts again: uvs fleet drain --director d2 --undo\n(.*\n)*d2 has stopped\n$/,
    })
    t.match(await site.run('', 'drain', '--director', 'd2', '--undo'), { status: 0, out: 'd2: not to be drained\n' })
    t.equal(await site.etcd.get('/uvs/s/drain/directors/d2'), undefined)
  })

  await t.test('10 000 services of 5 real servers each', async t => {
    const timed = async (what: string, ...of: Parameters<Site['run']>): Promise<Outcome> => {
      const from = performance.now()
      const outcome = await site.run(...of)
      t.comment(`${what}: ${Math.round(performance.now() - from)} ms`)
      return outcome
    }
    const first = await timed('applied', many(1), 'apply', '-', '--json')
    t.match(JSON.parse(first.out), { fleetApplied: { changes: { 'add-service': 10_000, 'add-destination': 50_000 } } })
    t.match(await timed('planned', many(1), 'plan', '-'), { out: /^nothing to do/ })
    const one = await timed('one changed', many(2), 'apply', '-', '--json')
    t.match(JSON.parse(one.out), { fleetApplied: { transactions: 1, keys: { written: 1, deleted: 0 } } })
    t.match(await timed('deleted', '', 'apply', '-'), { status: 0, out: /^10000 services deleted; revision/ })
  })
})

t.test("etcd's leader is killed while a writer applies", { skip: NO_ETCD, timeout: 240_000 }, async t => {
  const cluster = await startEtcd(t, 3)
  const site = new Site(t, cluster)
  const done: string[] = []
  const killing = { isOver: false }
  const apply = async (n: number): Promise<void> => {
    const lines = Array.from({ length: 50 }, (_, s) => `-A -t 10.0.0.${s}:${1000 + n} -s rr\n`).join('')
    const { status, out, err } = await site.run(lines, 'apply', '-')
    if (status === 0) done.push(lines)
    else t.comment(`${n}: ${status} ${out}${err}`)
  }
  const applying = (async () => {
    for (let n = 0; !killing.isOver || n < 10; n++) await apply(n)
  })()
  for (let round = 0; round < 3; round++) {
    const before = done.length
    await until(() => done.length >= before + 2)
    const leader = await leaderOf(cluster)
    await leader.kill('SIGKILL')
    const killed = done.length
    await until(() => done.length >= killed + 2)
    await leader.start()
  }
  killing.isOver = true
  await applying
  t.strictSame(sorted(await site.rules()), sorted(done.at(-1)!), 'what was reported done last is there, whole')
})
