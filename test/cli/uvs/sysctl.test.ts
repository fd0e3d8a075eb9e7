import t from 'tap'
import { readOptions } from '../../../src/cli/uvs/options/read-options.js'
import { runSysctl, sysctl } from '../../../src/cli/uvs/sysctl.js'
import { connectControl } from '../../../src/control/socket/client.js'
import type { Control, Outcome } from '../../../src/control/protocol/api.js'
import { serveControl } from '../../../src/control/socket/server.js'
import { UsageError } from '../../../src/director/options.js'
import { BenchDirector } from '../../support/bench-director.js'
import { FakeControl } from '../../support/fake-control.js'
import { runCommand } from '../../support/run-command.js'
import { tempDir } from '../../support/temp.js'
import { readTranscript } from '../../support/transcript.js'

const run = async (args: string[], control: Control): Promise<Outcome> => runSysctl(readOptions(sysctl, args), control)

t.test('-a shows all, as recorded', async t => {
  const [record] = readTranscript('05-sysctls.txt')
  t.strictSame(await run(['-a'], new FakeControl()), { status: 0, out: record?.out, err: '' })
  const { out } = await run(['-a', '--json'], new FakeControl())
  const { sysctls } = JSON.parse(out) as { sysctls: { name: string; value: string }[] }
  t.equal(sysctls.map(({ name, value }) => `${name} = ${value}\n`).join(''), record?.out, 'as JSON the same')
})

/** Without a figure that is of the kernel's memory. */
const masked = (text = ''): string => text.replace(/^(net\.ipv4\.vs\.sync_qlen_max =) \d+$/m, '$1')

t.test('a director’s are as recorded, but for sync_qlen_max', async t => {
  const [record] = readTranscript('05-sysctls.txt')
  const { out } = await run(['-a'], new BenchDirector().control)
  t.equal(masked(out), masked(record?.out))
})

t.test('names are shown and set, with the prefix or without, by dots or slashes', async t => {
  const control = new FakeControl()
  const cases: [string[], string][] = [
    [['drop_entry'], 'net.ipv4.vs.drop_entry = 0\n'],
    [['net.ipv4.vs.sync_threshold'], 'net.ipv4.vs.sync_threshold = 3\t50\n'],
    [['drop_entry=1'], 'net.ipv4.vs.drop_entry = 1\n'],
    [['net.ipv4.vs.drop_entry=2'], 'net.ipv4.vs.drop_entry = 2\n'],
    [['-w', 'net/ipv4/vs/drop_entry=3'], 'net.ipv4.vs.drop_entry = 3\n'],
    [['net.ipv4.vs.sync_threshold = 4  60 '], 'net.ipv4.vs.sync_threshold = 4  60\n'],
    [['-w', 'sloppy_tcp=1', 'sloppy_sctp=1'], 'net.ipv4.vs.sloppy_tcp = 1\nnet.ipv4.vs.sloppy_sctp = 1\n'],
    [
      ['drop_entry', 'sync_threshold', 'sloppy_tcp=0x1'],
      'net.ipv4.vs.drop_entry = 3\nnet.ipv4.vs.sync_threshold = 4\t60\nnet.ipv4.vs.sloppy_tcp = 0x1\n',
    ],
  ]
  for (const [args, out] of cases) t.strictSame(await run(args, control), { status: 0, out, err: '' }, args.join(' '))
  t.strictSame(
    control.asked.flatMap(request => (request.op === 'set-sysctl' ? [`${request.name}|${request.value}`] : [])),
    [
      'drop_entry|1',
      'drop_entry|2',
      'drop_entry|3',
      'sync_threshold|4  60',
      'sloppy_tcp|1',
      'sloppy_sctp|1',
      'sloppy_tcp|0x1',
    ],
  )
})

t.test('what is refused is one line and status 1; the rest is done', async t => {
  const control = new FakeControl()
  const cases: [string[], string, string][] = [
    [['nosuch'], '', 'uvs sysctl: there is no sysctl net.ipv4.vs.nosuch\n'],
    [['nosuch=1'], '', 'uvs sysctl: there is no sysctl net.ipv4.vs.nosuch\n'],
    [['net.ipv4.ip_forward=1'], '', 'uvs sysctl: there is no sysctl net.ipv4.vs.net.ipv4.ip_forward\n'],
    [['drop_entry=4'], '', 'uvs sysctl: fake: EINVAL\n'],
    [['drop_entry='], '', 'uvs sysctl: fake: EINVAL\n'],
    [['drop_entry=1=2'], '', 'uvs sysctl: fake: EINVAL\n'],
    [
      ['drop_entry=x', 'sloppy_tcp=1', 'nosuch', 'sloppy_tcp'],
      'net.ipv4.vs.sloppy_tcp = 1\nnet.ipv4.vs.sloppy_tcp = 1\n',
      'uvs sysctl: fake: EINVAL\nuvs sysctl: there is no sysctl net.ipv4.vs.nosuch\n',
    ],
  ]
  for (const [args, out, err] of cases) t.strictSame(await run(args, control), { status: 1, out, err }, args.join(' '))
})

t.test('so is a director that does not know what was asked', async t => {
  const older: Control = {
    call: async () => ({ ok: false, refusal: 'EPROTO', message: "no such operation: 'sysctls'" }),
  }
  t.match(await run(['-a'], older), { status: 1, out: '', err: "uvs sysctl: no such operation: 'sysctls'\n" })
  for (const word of ['drop_entry', 'drop_entry=1'])
    t.strictSame(
      await run([word], older),
      { status: 1, out: '', err: "uvs sysctl: no such operation: 'sysctls'\n" },
      word,
    )
})

t.test('a wrong command line is one line and status 2, and changes nothing', async t => {
  const control = new FakeControl()
  const all = '(uvs sysctl --help)'
  const cases: [string[], string][] = [
    [[], 'NAME[=VALUE] is missing: uvs sysctl NAME[=VALUE]… [-w] [--control PATH]'],
    [['-w'], 'NAME[=VALUE] is missing: uvs sysctl NAME[=VALUE]… [-w] [--control PATH]'],
    [['-a', 'drop_entry'], `'drop_entry': unexpected word ${all}`],
    [['-w', 'sloppy_tcp=1', 'drop_entry'], "-w: 'drop_entry' is not NAME=VALUE"],
    [['-q', 'drop_entry=1'], `-q: there is no such option; those there are: -w, --control ${all}`],
    [['=1'], '"=1": that is no sysctl\'s name'],
    [['net.ipv4.vs.=1'], '"net.ipv4.vs.=1": that is no sysctl\'s name'],
    [['a\nb'], '"a\\nb": that is no sysctl\'s name'],
    [['a b=1'], '"a b=1": that is no sysctl\'s name'],
    [[''], '"": that is no sysctl\'s name'],
  ]
  for (const [args, message] of cases) await t.rejects(run(args, control), new UsageError(message), args.join(' '))
  t.strictSame(control.asked, [])
})

t.test('without a director; and a mistake of ours', async t => {
  const nobody = connectControl(`${tempDir(t)}/none`)
  for (const word of ['-a', 'drop_entry', 'drop_entry=1'])
    await t.rejects(run([word], nobody), { message: /^no director answers at / }, word)
  const broken: Control = { call: () => Promise.reject(new TypeError('a bug')) }
  await t.rejects(run(['-a'], broken), { message: 'a bug' })
})

t.test('the command, over a socket', async t => {
  const path = `${tempDir(t)}/sock`
  const server = await serveControl(path, new FakeControl())
  t.teardown(() => server.close())
  t.strictSame(await runCommand('sysctl', '', 'sloppy_tcp=1', '--control', path), {
    status: 0,
    out: 'net.ipv4.vs.sloppy_tcp = 1\n',
    err: '',
  })
  t.match(await runCommand('sysctl', '', '--control', path, '-w', 'drop_entry=a\nb'), {
    status: 1,
    err: 'uvs sysctl: set-sysctl.value: not a line of text\n',
  })
  t.match(await runCommand('sysctl', '', '-a', '--control'), {
    status: 2,
    err: 'uvs sysctl: --control needs a value: --control PATH\n',
  })
})
