import t from 'tap'
import { commands } from '../../../src/cli/uvsadm/commands/commands.js'
import { OPTIONS } from '../../../src/cli/uvsadm/options/options.js'
import { uvsadm } from '../../../src/cli/uvsadm/run.js'
import type { Control, RefusalName } from '../../../src/control/protocol/api.js'
import { connectControl } from '../../../src/control/socket/client.js'
import { tempDir } from '../../support/temp.js'

/** A director that refuses everything. */
function refusing(refusal: RefusalName): Control {
  return { call: async () => ({ ok: false, refusal, message: `uvs says ${refusal}` }) }
}

const service = ['-t', '10.0.0.1:80']
const key = { protocol: 'tcp', address: '10.0.0.1', port: 80 }
const settings = {
  scheduler: 'wlc',
  persistence: 0,
  netmask: '255.255.255.255',
  onePacket: false,
  schedFlags: 0,
}
const server = [...service, '-r', '10.0.0.2:80']

t.test("a refusal is printed in ipvsadm's words, with status 255", async t => {
  const cases: [string[], RefusalName, string][] = [
    [['-A', ...service], 'EEXIST', 'Service already exists'],
    [['-A', ...service], 'ENOENT', 'Scheduler or persistence engine not found'],
    [['-E', ...service], 'ESRCH', 'No such service'],
    [['-Z', ...service], 'ESRCH', 'No such service'],
    [['-a', ...server, '-m'], 'ESRCH', 'Service not defined'],
    [['-a', ...server, '-m'], 'EEXIST', 'Destination already exists'],
    [['-e', ...server, '-m'], 'ENOENT', 'No such destination'],
    [['-d', ...server], 'ENOENT', 'No such destination'],
    [['-a', ...server, '-m'], 'EINVAL', 'Invalid operation.  Possibly wrong module version, address not unicast, ...'],
    [['-a', ...server, '-m'], 'ERANGE', 'Numerical result out of range'],
    [['--add-laddr', ...service, '-z', '10.0.0.9'], 'EEXIST', 'Local address already exists'],
    [['--del-laddr', ...service, '-z', '10.0.0.9'], 'ENOENT', 'No such local address'],
    [['--del-laddr', ...service, '-z', '10.0.0.9'], 'ESRCH', 'Service not defined'],
    [['--get-laddr', ...service], 'ESRCH', 'Service not defined'],
    [['--set', '1', '2', '3'], 'EINVAL', 'Invalid operation.  Possibly wrong module version, address not unicast, ...'],
    [['-A', ...service], 'ENOMEM', 'Memory allocation problem'],
    [['-A', ...service], 'EAFNOSUPPORT', 'Operation not supported with specified address family'],
    [['-C'], 'EPROTO', 'uvs says EPROTO'],
    [['-Lc'], 'EPROTO', 'uvs says EPROTO'],
  ]
  for (const [argv, refusal, text] of cases)
    t.strictSame(
      await uvsadm(argv, refusing(refusal)),
      { status: 255, out: '', err: `${text}\n` },
      `${argv[0]} ${refusal}`,
    )
})

/** A director with nothing in it, that agrees to everything. */
function agreeing(asked: unknown[]): Control {
  return {
    async call(request) {
      asked.push(request)
      return { ok: true, value: { rows: [], next: null } } as never
    },
  }
}

t.test('each command asks for just what it says', async t => {
  const cases: [string[], object][] = [
    [['-C'], { op: 'flush' }],
    [['-Z'], { op: 'zero' }],
    [['-L'], { op: 'services' }],
    [['-Lc'], { op: 'connections', from: 0 }],
    [['-L', '--timeout'], { op: 'timeouts' }],
    [['--set', '0', '5', '2678400'], { op: 'set-timeouts', timeouts: { tcp: 0, tcpfin: 5, udp: 2678400 } }],
    [['-L', '-f', '7'], { op: 'services', service: { mark: 7 } }],
    [['-Z', '-f', '7'], { op: 'zero', service: { mark: 7 } }],
    [['-D', '-f', '4294967295'], { op: 'delete-service', service: { mark: 4294967295 } }],
    [['-A', ...service, '-s', 'rr'], { op: 'add-service', service: key, settings: { ...settings, scheduler: 'rr' } }],
    [['-E', ...service], { op: 'edit-service', service: key, settings }],
    [['-Z', ...service], { op: 'zero', service: key }],
    [['--add-laddr', '-z', '10.0.0.9', ...service], { op: 'add-local-address', service: key, address: '10.0.0.9' }],
    [
      ['--del-laddr', '-z', '10.0.0.9', '-f', '7'],
      { op: 'delete-local-address', service: { mark: 7 }, address: '10.0.0.9' },
    ],
    [['--get-laddr'], { op: 'services' }],
    [['--get-laddr', '-f', '7'], { op: 'services', service: { mark: 7 } }],
    [
      ['-D', '-u', '10.0.0.1:53'],
      { op: 'delete-service', service: { protocol: 'udp', address: '10.0.0.1', port: 53 } },
    ],
  ]
  for (const [argv, wanted] of cases) {
    const asked: unknown[] = []
    await uvsadm(argv, agreeing(asked))
    t.strictSame(asked, [wanted], argv.join(' '))
  }
})

t.test('help, version and mistakes need no director', async t => {
  const nobody: Control = { call: () => t.fail('nobody was to be asked') as never }
  for (const flag of ['-h', '--help']) {
    const { status, out, err } = await uvsadm([flag], nobody)
    t.strictSame([status, err], [0, ''])
    for (const text of [...commands.map(command => command.usage), ...OPTIONS.flatMap(option => option.flags)])
      t.ok(out.replaceAll(/\n {12}(?=\S)/g, ' ').includes(text), text)
    t.ok(out.includes(' --control'))
    t.ok(out.split('\n').every(line => line.length <= 120))
  }
  t.equal(
    (await uvsadm(['-v'], nobody)).out,
    'uvsadm v0.2.0, as ipvsadm v1.31 2019/12/24 (compiled with popt and IPVS v1.2.1)\n',
  )
  t.equal((await uvsadm(['-A'], nobody)).status, 2)
})

t.test('no director is one line and status 2, as no IPVS is for ipvsadm', async t => {
  const path = `${tempDir(t)}/none.sock`
  t.strictSame(await uvsadm(['-Ln'], connectControl(path)), {
    status: 2,
    out: '',
    err: `no director answers at ${path}: is uvs director running?\n`,
  })
})

t.test("a mistake of ours is not dressed up as the user's", async t => {
  const broken: Control = { call: () => Promise.reject(new TypeError('a bug')) }
  await t.rejects(uvsadm(['-Ln'], broken), { message: 'a bug' })
})
