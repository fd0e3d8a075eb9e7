import t from 'tap'
import { DirectorSettings, optionLines, SettingsChanges } from '../../../../src/cli/uvs/director/director-settings.js'
import { parseDirectorOptions } from '../../../../src/cli/uvs/director/director-options.js'

const ARGS = ['--tap', 'tap0', '--address', '10.0.0.1/24@tap0', '--vip', '10.0.0.9', '--route', 'default=10.0.0.254']

const NOBODY = { devices: [{ name: 'tap0', mac: '02:00:00:00:00:01', mtu: 1500 }], keepalived: () => undefined }

t.test('what the options give, and what was changed since', async t => {
  const changes = new SettingsChanges()
  const ok = { ok: true, value: null } as const
  changes.saw({ op: 'add-route', to: '10.1.0.0/16', gateway: '10.0.0.253' }, ok)
  changes.saw({ op: 'add-vip', cidr: '10.0.0.10' }, { ok: false, refusal: 'EINVAL', message: '' })
  changes.saw({ op: 'totals' }, ok as never)
  const command = parseDirectorOptions(ARGS, 1)
  const of = { ...NOBODY, args: ARGS, command }
  const given = new DirectorSettings(of, changes.lines).given()
  t.strictSame(given, {
    options: ['--tap tap0', '--address 10.0.0.1/24@tap0', '--vip 10.0.0.9', '--route default=10.0.0.254'],
    interfaces: [{ name: 'tap0', kind: 'tap', isBesideKernel: false, mac: '02:00:00:00:00:01', mtu: 1500 }],
    addresses: ['10.0.0.1/24@tap0', '10.0.0.9'],
    routes: ['default=10.0.0.254'],
    neighbours: [],
    changes: ['add-route to 10.1.0.0/16 gateway 10.0.0.253'],
  })
  for (let at = 0; at < 100; at++) changes.saw({ op: 'add-vip', cidr: `10.0.1.${at}` }, ok)
  t.equal(changes.lines.length, 50, 'the last ones')
})

t.test('a keepalived.conf without its passwords', async t => {
  const command = parseDirectorOptions(['--raw', 'lo'], 1)
  const files = [{ name: 'ha.conf', text: 'auth_pass hunter2' }]
  const complaints = [{ text: '', line: 'ha.conf:1: warning: hunter2', isError: false }]
  const keepalived = () => ({ files, complaints })
  const { keepalived: read } = new DirectorSettings({ ...NOBODY, args: [], command, keepalived }, []).given()
  t.strictSame(read, { files: [{ name: 'ha.conf', text: 'auth_pass …' }], warnings: ['ha.conf:1: warning: …'] })
})

t.test('options as a shell takes them', async t => {
  t.strictSame(optionLines(['--mark', 'tcp 10.0.0.0/8:80=1', '--standby', '--seed', '5']), [
    "--mark 'tcp 10.0.0.0/8:80=1'",
    '--standby',
    '--seed 5',
  ])
})
