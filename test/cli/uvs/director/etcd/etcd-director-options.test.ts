import { mkdirSync, symlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import t from 'tap'
import { parseDirectorOptions } from '../../../../../src/cli/uvs/director/director-options.js'
import { tempDir } from '../../../../support/temp.js'

const parse = (args: string, env: NodeJS.ProcessEnv = {}) =>
  parseDirectorOptions(['--raw', 'eth0', ...args.split(' ').filter(Boolean)], 1, env)

t.test('an etcd, the name there, and where rules are kept', async t => {
  t.equal(parse('').etcd, undefined)
  t.match(parse('--etcd http://10.0.0.1:2379').etcd, {
    name: hostname(),
    stateDirectory: '/var/lib/uvs',
    keys: { prefix: '/uvs' },
    etcd: { endpoints: [{ host: '10.0.0.1', port: 2379 }] },
  })
  t.match(parse('--etcd a --etcd-name lb1 --etcd-state /x', { STATE_DIRECTORY: '/y' }).etcd, {
    name: 'lb1',
    stateDirectory: '/x',
  })
  const directory = tempDir(t)
  mkdirSync(`${directory}/private`)
  symlinkSync('private', `${directory}/uvs`)
  t.match(parse('--etcd a', { STATE_DIRECTORY: `${directory}/uvs:/z` }).etcd, {
    stateDirectory: `${directory}/private`,
  })
  t.match(parse('--etcd a', { STATE_DIRECTORY: '/none/uvs' }).etcd, { stateDirectory: '/none/uvs' })
})

t.test('what does not go together is named', async t => {
  for (const [args, message] of [
    ['--etcd-name a', /^--etcd-name goes with --etcd/],
    ['--etcd-state /x', /^--etcd-state goes with --etcd/],
    ['--etcd a --etcd-name a/b', /^--etcd-name: 'a\/b' is not 1 to 128/],
    ['--etcd a --rules x', /^--rules does not go with --etcd/],
    ['--etcd a --keepalived x', /^--keepalived does not go with --etcd/],
  ] as const)
    t.throws(() => parse(args), { name: 'UsageError', message }, args)
})
