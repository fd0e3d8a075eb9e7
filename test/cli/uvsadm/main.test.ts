import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import type { Outcome } from '../../../src/control/protocol/api.js'
import { serveControl } from '../../../src/control/socket/server.js'
import { connection, FakeControl } from '../../support/fake-control.js'
import { tempDir } from '../../support/temp.js'

const MAIN = fileURLToPath(new URL('../../../src/cli/uvsadm/main.js', import.meta.url))

function uvsadm(...args: string[]): Promise<Outcome> {
  return new Promise(resolve => {
    execFile(process.execPath, [MAIN, ...args], (error, out, err) =>
      resolve({ status: Number(error?.code ?? 0), out, err }),
    )
  })
}

t.test('a director over its socket', async t => {
  const path = `${tempDir(t)}/uvs.sock`
  const control = new FakeControl()
  const server = await serveControl(path, control)
  t.teardown(() => server.close())
  t.strictSame(await uvsadm('-A', '-t', '10.0.0.1:80', '--control', path), { status: 0, out: '', err: '' })
  t.strictSame(await uvsadm('-A', '-t', '10.0.0.1:80', `--control=${path}`), {
    status: 255,
    out: '',
    err: 'Service already exists\n',
  })
  t.match(await uvsadm('--control', path, '-Ln'), { status: 0, out: /\nTCP {2}10\.0\.0\.1:80 wlc\n$/, err: '' })
  t.match(await uvsadm('--control', path, '-Ln', '-u', '10.0.0.1:53'), { status: 1, err: 'No such service\n' })

  await t.test('a reader that stops early is no error', async t => {
    for (let port = 0; port < 20000; port++)
      control.connections.push(connection('tcp', 9, 'CLOSE', `10.0.0.9:${port}`, '10.0.0.1:80', '10.0.0.2:80'))
    const child = spawn('sh', ['-c', '"$0" "$1" -Lcn --control "$2" | head -1', process.execPath, MAIN, path])
    const err: Buffer[] = []
    child.stderr.on('data', chunk => err.push(chunk))
    await once(child, 'close')
    t.equal(Buffer.concat(err).toString(), '')
  })
})

t.test('without a director', async t => {
  const path = `${tempDir(t)}/none.sock`
  const restore = spawnSync(process.execPath, [MAIN.replace('main.js', 'restore-main.js'), '--control', path], {
    input: '',
  })
  t.strictSame([restore.status, String(restore.stderr).split('\n').length], [2, 2], 'uvsadm-restore: one line')
  t.match(await uvsadm('-h', '--control', path), { status: 0, out: /^Usage:\n/, err: '' })
  t.match(await uvsadm('-v', '--control', path), { status: 0, out: /^uvsadm v.* as ipvsadm v1\.31 / })
  t.match(await uvsadm('-A', '--control', path), { status: 2, err: /^You need to supply .*\n$/ })
  t.match(await uvsadm('-Q'), { status: 255, err: /^Try .*\n$/ })
  t.match(await uvsadm('--control', path), { status: 2, out: '', err: /^no director answers at .*\n$/ })
  t.strictSame(await uvsadm('-Ln', '--control'), { status: 2, out: '', err: '--control: missing argument\n' })
})
