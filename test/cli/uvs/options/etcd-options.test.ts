import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ETCD, ETCD_OPTIONS, readEtcdOptions, type EtcdCommand } from '../../../../src/cli/uvs/options/etcd-options.js'
import { readOptions } from '../../../../src/cli/uvs/options/read-options.js'
import { Authority, NO_OPENSSL } from '../../../support/certificates.js'
import { tempDir } from '../../../support/temp.js'

function read(args: string[], env: NodeJS.ProcessEnv = {}, otherwise?: string): EtcdCommand | undefined {
  const form = { words: [], options: [ETCD, ...ETCD_OPTIONS] }
  return readEtcdOptions(readOptions({ name: 'x', forms: [form] }, args), env, otherwise)
}

function file(t: Test, text: string): string {
  const path = join(tempDir(t), 'f')
  writeFileSync(path, text)
  return path
}

const PEM = '-----BEGIN CERTIFICATE-----\n'

t.test('without --etcd there is none, whatever the environment holds', async t => {
  t.equal(read([], { ETCDCTL_ENDPOINTS: 'http://a' }), undefined)
  t.match(read([], {}, 'http://a'), { keys: { prefix: '/uvs' } })
  t.throws(() => read(['--etcd-prefix', '/x']), /--etcd-prefix goes with --etcd/)
})

t.test('certificates that TLS takes', { skip: NO_OPENSSL }, async t => {
  const authority = new Authority(t)
  const { cert, key } = authority.sign('a', '/CN=a')
  const env = { ETCDCTL_CACERT: '/none', ETCDCTL_CERT: cert, ETCDCTL_KEY: key }
  const [ca, ours, its] = [authority.cert, cert, key].map(path => readFileSync(path, 'utf8'))
  const given = ['--etcd', 'https://a', '--etcd-cacert', authority.cert]
  t.match(read(given, env), { etcd: { tls: { ca, cert: ours, key: its } } })
  const { key: another } = authority.sign('b', '/CN=b')
  const mismatch = { name: 'UsageError', message: '--etcd-cert and --etcd-key: key values mismatch' }
  t.throws(() => read(given, { ...env, ETCDCTL_KEY: another }), mismatch)
  const broken = file(t, `${PEM}x\n-----END CERTIFICATE-----\n`)
  t.throws(() => read(given.with(3, broken)), { name: 'UsageError', message: /^--etcd-cacert: \w[\w ]+$/ })
})

t.test('options count before the environment', async t => {
  const env = { ETCDCTL_USER: 'a:b:c' }
  t.match(read(['--etcd', 'https://a', '--etcd-prefix=/uvs/x/'], env), {
    etcd: { user: { name: 'a', password: 'b:c' } },
    keys: { prefix: '/uvs/x' },
  })
  t.match(
    read(['--etcd', 'a', '--etcd-user', 'd', '--etcd-password-file', file(t, 'p w\n')], { ETCDCTL_PASSWORD: 'x' }),
    { etcd: { user: { name: 'd', password: 'p w' } } },
  )
  t.match(read(['--etcd', 'a', '--etcd-user', 'd'], { ETCDCTL_PASSWORD: 'x' }), { etcd: { user: { password: 'x' } } })
})

t.test('what is wrong is named', async t => {
  for (const [args, env, message] of [
    [['--etcd', 'ftp://a'], {}, /^--etcd: 'ftp:\/\/a' is not/],
    [['--etcd', 'a', '--etcd-prefix', 'x'], {}, /^--etcd-prefix: 'x' is no prefix/],
    [['--etcd', 'https://a', '--etcd-cacert', '/none'], {}, /^--etcd-cacert: \/none: no such file/],
    [['--etcd', 'https://a'], { ETCDCTL_CACERT: '/none' }, /^\$ETCDCTL_CACERT: \/none: no such file/],
    [['--etcd', 'https://a', '--etcd-cacert', file(t, 'x')], {}, /is not in PEM form/],
    [['--etcd', 'http://a', '--etcd-cacert', file(t, PEM)], {}, /none of the endpoints/],
    [['--etcd', 'https://a', '--etcd-cert', file(t, PEM)], {}, /go together/],
    [['--etcd', 'a', '--etcd-user', 'a:b'], {}, /does not belong on a command line/],
    [['--etcd', 'a', '--etcd-user', 'a'], {}, /the password of 'a' at etcd is missing/],
    [['--etcd', 'a', '--etcd-password-file', file(t, 'x')], {}, /goes with --etcd-user/],
  ] as const)
    t.throws(() => read([...args], env), { name: 'UsageError', message }, args.join(' '))
})
