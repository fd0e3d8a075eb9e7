import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import t from 'tap'
import type { Outcome } from '../../src/control/protocol/api.js'
import { ip, ownNetwork, veth } from '../linux/own-network.js'
import { Authority, NO_OPENSSL, type CertificateFiles } from '../support/certificates.js'
import { NO_ETCD, startEtcd } from '../support/etcd.js'
import { runCommand } from '../support/run-command.js'
import { tempDir } from '../support/temp.js'
import { EtcdDirector, until } from './etcd-director.js'

/* Commands and a director with an etcd that wants TLS, certificates of its clients, and users. */

const NO_ETCDCTL =
  spawnSync('etcdctl', ['version']).status === 0 ? false : 'etcdctl is not installed (Debian: etcd-client)'
const skip = NO_ETCD || NO_ETCDCTL || NO_OPENSSL || ownNetwork()
const PREFIX = '/uvs/site1'
const RULES = '-A -t 10.99.1.100:80 -s rr\n-a -t 10.99.1.100:80 -r 10.99.2.11:80 -g -w 1\n'

t.setTimeout(180_000)

function fleet(stdin: string, ...words: string[]): Promise<Outcome> {
  return runCommand('fleet', stdin, ...words)
}

/** What the director's /metrics says. */
async function metric(name: string): Promise<number> {
  const text = await (await fetch('http://127.0.0.1:9100/metrics')).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
}

t.test('etcd with TLS, certificates and users', { skip }, async t => {
  ip('link set lo up')
  veth('d-a', 'e-a')
  const authority = new Authority(t)
  const stranger = new Authority(t)
  const ours = authority.sign('ours', '/O=uvs')
  const named = authority.sign('named', '/CN=uvs')
  const foreign = stranger.sign('foreign', '/O=uvs')
  const cluster = await startEtcd(t, 1, ['--auth-token', 'simple'], {
    ca: authority.cert,
    ...authority.sign('etcd', '/CN=etcd'),
  })
  const [member] = cluster.members
  const url = member!.endpoint

  const etcdctl = (line: string): void => {
    const tls = ['--endpoints', url, '--cacert', authority.cert, '--cert', ours.cert, '--key', ours.key]
    const { status, stderr } = spawnSync('etcdctl', [...tls, ...line.split(' ')], {
      env: { ...process.env, ETCDCTL_API: '3' },
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`etcdctl ${line}: ${stderr}`)
  }
  for (const line of [
    'user add root:rootpw',
    'user grant-role root root',
    'role add writer',
    `role grant-permission writer --prefix=true readwrite ${PREFIX}/`,
    'role add director',
    `role grant-permission director --prefix=true read ${PREFIX}/`,
    `role grant-permission director --prefix=true readwrite ${PREFIX}/directors/`,
    'user add ann:annpw',
    'user grant-role ann writer',
    'user add d:dpw',
    'user grant-role d director',
    'auth enable',
  ])
    etcdctl(line)

  const dir = tempDir(t)
  const user = (name: string, password: string): string[] => {
    const path = `${dir}/${password}`
    writeFileSync(path, `${password}\n`)
    return ['--etcd-user', name, '--etcd-password-file', path]
  }
  const tls = ({ cert, key }: CertificateFiles, ca = authority.cert): string[] =>
    `--etcd-cacert ${ca} --etcd-cert ${cert} --etcd-key ${key}`.split(' ')
  const where = ['--etcd', url, '--etcd-prefix', PREFIX]
  const good = [...where, ...tls(ours), ...user('ann', 'annpw')]

  await t.test('the commands', async t => {
    t.match(await fleet(RULES, 'plan', '-', ...good), { status: 0, err: '', out: /2 changes, 1 key/ })
    t.match(await fleet(RULES, 'apply', '-', ...good), { status: 0, err: '', out: /^1 service added/ })
    t.match(await fleet('', 'show', ...good), { status: 0, err: '', out: /^# .*\n-A -t 10\.99\.1\.100:80 -s rr\n/ })
    t.match(await fleet('', 'drain', '10.99.1.100:80', '10.99.2.11', '--weight', '3', ...good), { status: 0, err: '' })
  })

  await t.test('what is wrong: a line, a status, and soon', async t => {
    const ann = user('ann', 'annpw')
    const cases: [string, string[], number, string | RegExp][] = [
      [
        'a wrong authority',
        [...where, ...tls(ours, stranger.cert), ...ann],
        1,
        `${url}: its certificate is not trusted: unable to verify the first certificate`,
      ],
      [
        'a stranger’s certificate',
        [...where, ...tls(foreign), ...ann],
        1,
        new RegExp(`^uvs fleet: ${url}: it ends the connection for want of a certificate of ours that it trusts: `),
      ],
      [
        'no certificate',
        [...where, '--etcd-cacert', authority.cert, ...ann],
        1,
        new RegExp(`^uvs fleet: ${url}: it ends the connection for want of a certificate of ours that it trusts: `),
      ],
      [
        'a certificate with a CN',
        [...where, ...tls(named), ...ann],
        1,
        `${url}: with users, etcd's JSON gateway refuses a certificate of ours that has a CN: one without is needed`,
      ],
      [
        'another key',
        [...where, ...tls({ cert: ours.cert, key: named.key }), ...ann],
        2,
        '--etcd-cert and --etcd-key: key values mismatch',
      ],
      [
        'a wrong password',
        [...where, ...tls(ours), ...user('ann', 'wrong')],
        1,
        `${url}: authentication failed, invalid user ID or password`,
      ],
      [
        'nobody',
        [...where, ...tls(ours)],
        1,
        `${url}: permission denied: etcd has users, and none is given (--etcd-user)`,
      ],
      [
        'a prefix that is not theirs',
        ['--etcd', url, '--etcd-prefix', '/uvs/other', ...tls(ours), ...ann],
        1,
        `${url}: permission denied`,
      ],
      ['who may only read', [...where, ...tls(ours), ...user('d', 'dpw')], 1, `${url}: permission denied`],
    ]
    const outcomes = await Promise.all(cases.map(([, options]) => fleet(RULES, 'apply', '-', ...options)))
    for (const [n, [what, , status, line]] of cases.entries()) {
      const outcome = outcomes[n]!
      const err = typeof line === 'string' ? `uvs fleet: ${line}\n` : line
      t.match(outcome, { status, out: '', err }, what)
      t.equal(outcome.err.split('\n').length, 2, outcome.err)
    }
    t.match(await fleet('', 'show', ...good), { out: /-w 3\n$/ }, 'nothing was written')
    const plain = url.replace('https', 'http')
    const err = `uvs fleet: ${plain}: it speaks TLS: is it https://?\n`
    for (const command of [['show'], ['apply', '-']])
      t.strictSame(
        await fleet(RULES, ...command, '--etcd', plain, '--etcd-prefix', PREFIX, ...ann),
        { status: 1, out: '', err },
        command.join(' '),
      )
    const encrypted = member!.healthUrl.replace('http', 'https')
    const noTls = `uvs fleet: ${encrypted}: it speaks no TLS: is it http://?\n`
    t.strictSame(await fleet('', 'show', '--etcd', encrypted, ...tls(ours)), { status: 1, out: '', err: noTls })
  })

  await t.test('a director', async t => {
    const args = ['--raw', 'd-a', '--address', '10.99.1.1/24@d-a', '--max-connections', '1024']
    args.push(...where, '--etcd-name', 'a', '--etcd-state', `${tempDir(t)}/state`)
    args.push('--http', '127.0.0.1:9100')
    const a = new EtcdDirector(t, `${tempDir(t)}/uvs.sock`, [...args, ...tls(ours), ...user('d', 'dpw')])
    await a.ready(t)
    const have = (weight: number) =>
      until(
        t,
        `weight ${weight}`,
        async () => (await a.rules()).join() === `10.99.1.100:80 rr 10.99.2.11=${weight}`,
        () => a.err,
      )
    await have(3)
    await fleet('', 'drain', '10.99.1.100:80', '10.99.2.11', '--weight', '5', ...good)
    await have(5)
    const status = await fleet('', 'status', '--wait', '30s', '--expect', '1', ...good)
    t.match(status, { status: 0, err: '', out: /\na +serving/ })
    t.equal(await metric('uvs_etcd_up'), 1)
    t.equal(await metric('uvs_etcd_rules_refused'), 0)
    const revision = Number(/ revision (\d+)/.exec(status.out)?.[1])
    t.equal(await metric('uvs_etcd_rules_revision'), revision)
    const age = Date.now() / 1000 - (await metric('uvs_etcd_last_contact_timestamp_seconds'))
    t.ok(age > -1 && age < 60, `the lease was renewed ${age} s ago`)
    // etcd that was away has forgotten its tokens.
    await member!.kill()
    await until(t, 'etcd is away', async () => (await metric('uvs_etcd_up')) === 0)
    await member!.start()
    await fleet('', 'drain', '10.99.1.100:80', '10.99.2.11', '--weight', '6', ...good)
    await have(6)
    await until(t, 'etcd is there', async () => (await metric('uvs_etcd_up')) === 1)
    await a.end('SIGTERM')
  })

  await t.test('a director with a wrong password says so, and starts', async t => {
    const args = ['--raw', 'd-a', '--address', '10.99.1.1/24@d-a', '--max-connections', '1024']
    args.push(...where, '--etcd-name', 'a', '--etcd-state', `${tempDir(t)}/state`)
    const a = new EtcdDirector(t, `${tempDir(t)}/uvs.sock`, [...args, ...tls(ours), ...user('d', 'wrong')])
    await a.says(t, /etcd: https:.*: authentication failed, invalid user ID or password/)
    await a.ready(t)
    await a.end('SIGTERM')
  })
})
