import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { dirname } from 'node:path'
import t from 'tap'
import type { Control, Reply, Request } from '../../../src/control/protocol/api.js'
import { connectControl } from '../../../src/control/socket/client.js'
import { serveControl } from '../../../src/control/socket/server.js'
import { BenchDirector } from '../../support/bench-director.js'
import { FakeControl } from '../../support/fake-control.js'
import { tempDir } from '../../support/temp.js'

type Test = Pick<typeof t, 'equal' | 'teardown'>

async function serve(t: Test, control: Control = new FakeControl()): Promise<string> {
  const path = `${tempDir(t)}/uvs.sock`
  const server = await serveControl(path, control)
  t.teardown(() => server.close())
  return path
}

/** Unlike events.once, an error on the way is no matter: a server that hangs up on us is what some tests are about. */
function closed(socket: Socket): Promise<void> {
  socket.on('error', () => {})
  return new Promise(resolve => socket.once('close', () => resolve()))
}

/** Sends `text`, closes its side, answers what came back. */
async function talk(path: string, text: string | Buffer): Promise<string> {
  const socket = connect(path)
  const got: Buffer[] = []
  socket.on('data', chunk => got.push(chunk))
  socket.end(text)
  await closed(socket)
  return Buffer.concat(got).toString()
}

async function stillServes(t: Test, path: string): Promise<void> {
  t.equal(await talk(path, '{"v":1,"op":"flush"}\n'), '{"v":1,"ok":true,"value":null}\n', 'it still serves')
}

t.test('requests are answered in order, garbage among them', async t => {
  const path = await serve(t)
  const replies = await talk(path, '{"v":1,"op":"services"}\nnonsense\n{"v":1,"op":"verdicts"}\n\n')
  t.strictSame(
    replies
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line)),
    [
      { v: 1, ok: true, value: { rows: [], next: null } },
      { v: 1, ok: false, refusal: 'EPROTO', message: 'not a line of JSON' },
      { v: 1, ok: true, value: {} },
      { v: 1, ok: false, refusal: 'EPROTO', message: 'an empty line' },
    ],
  )
})

t.test('of hundreds that come at once and stay those that are too many are told so in a line', async t => {
  const path = await serve(t)
  const sockets = Array.from({ length: 400 }, () => connect({ path, allowHalfOpen: true }))
  const told = sockets.map(async socket => {
    let got = ''
    socket.on('error', () => {}).on('data', piece => (got += piece))
    await Promise.race([once(socket, 'end'), closed(socket)])
    return got
  })
  const isBusy = /^\{"v":1,"ok":false,"refusal":"EBUSY","message":"there are [^\n]+"\}\n$/
  // A seat for 64, and 64 wait for five seconds.
  for (const line of await Promise.all(told.slice(128))) if (!isBusy.test(line)) t.fail(`told: '${line}'`)
  for (const socket of sockets) socket.destroy()
  // It notices that they have gone one after the other.
  while (!(await talk(path, '{"v":1,"op":"flush"}\n')).includes('"ok":true'));
})

t.test('the socket is 0600 from the moment it exists, whatever the umask', async t => {
  const path = `${tempDir(t)}/made/uvs.sock`
  const before = process.umask(0)
  const starting = serveControl(path, new FakeControl())
  t.equal(statSync(path).mode & 0o777, 0o600, 'in the same tick')
  t.equal(statSync(dirname(path)).mode & 0o777, 0o755, 'and its directory is nobody else’s to write')
  t.equal(process.umask(before), 0, 'the umask is as it was')
  const server = await starting
  t.equal(statSync(path).mode & 0o777, 0o600)
  await server.close()
  t.notOk(existsSync(path), 'removed on close')
})

t.test('a directory that is made has its mode, however strict the umask', async t => {
  const path = `${tempDir(t)}/made/uvs.sock`
  const before = process.umask(0o077)
  const server = await serveControl(path, new FakeControl())
  process.umask(before)
  t.equal(statSync(dirname(path)).mode & 0o777, 0o755)
  await server.close()
})

t.test('no socket where others may put another in its place', async t => {
  const directory = tempDir(t)
  const path = `${directory}/uvs.sock`
  for (const [mode, isRefused] of [
    [0o777, true],
    [0o775, true],
    [0o772, true],
    [0o1777, false],
    [0o755, false],
  ] as const) {
    chmodSync(directory, mode)
    const serving = serveControl(path, new FakeControl())
    if (!isRefused) await (await serving).close()
    else
      await t.rejects(serving, {
        message: `cannot listen on ${path}: ${directory} can be written by others (mode 0${mode.toString(8)}), who may replace what is in it: look at what is in it, then chmod go-w ${directory}`,
      })
    t.notOk(existsSync(path), 'no socket is left')
  }
  symlinkSync(directory, `${directory}/link`)
  await (await serveControl(`${directory}/link/uvs.sock`, new FakeControl())).close()
})

t.test('nor in a directory of somebody else', { skip: process.getuid?.() !== 0 && 'needs root' }, async t => {
  const directory = tempDir(t)
  chownSync(directory, 65534, 65534)
  await t.rejects(serveControl(`${directory}/uvs.sock`, new FakeControl()), {
    message: `cannot listen on ${directory}/uvs.sock: ${directory} belongs to user 65534, who may replace what is in it`,
  })
})

t.test('a socket left behind by a kill -9 is replaced', async t => {
  const path = `${tempDir(t)}/uvs.sock`
  const code = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
  t.throws(() => execFileSync(process.execPath, ['-e', code, path]))
  t.ok(existsSync(path), 'it is there')
  const server = await serveControl(path, new FakeControl())
  t.teardown(() => server.close())
  await stillServes(t, path)
})

t.test('a second director is refused and the first goes on', async t => {
  const path = await serve(t)
  await t.rejects(serveControl(path, new FakeControl()), {
    message: `cannot listen on ${path}: another director answers there`,
  })
  await stillServes(t, path)
})

t.test('where no socket can be, the error is one line', async t => {
  const directory = tempDir(t)
  writeFileSync(`${directory}/file`, 'precious')
  mkdirSync(`${directory}/directory`)
  const long = `${directory}/${'x'.repeat(108)}`
  const paths: [string, string][] = [
    [`${directory}/file`, 'there is a file that is not a socket'],
    [`${directory}/directory`, 'there is a directory: name a file in it'],
    [`${directory}/file/uvs.sock`, `${directory}/file is no directory`],
    [`${directory}/nowhere/made/uvs.sock`, `there is no directory ${directory}/nowhere`],
    [long, 'longer than 107 bytes'],
  ]
  for (const [path, why] of paths)
    await t.rejects(serveControl(path, new FakeControl()), { message: `cannot listen on ${path}: ${why}` }, why)
  await t.rejects(serveControl('/proc/uvs.sock', new FakeControl()), {
    message: /^cannot listen on \/proc\/uvs.sock: [a-z ]+$/,
  })
  t.equal(statSync(`${directory}/file`).size, 8, 'the file is untouched')
  t.notOk(existsSync(`${directory}/nowhere`), 'nothing is made on the way')
})

t.test('clients that go away in the middle do no harm', async t => {
  const path = await serve(t)
  t.match(await talk(path, '{"v":1,"op":"ser'), /"EPROTO","message":"the last line has no newline at its end"\}\n$/)
  t.equal(await talk(path, ''), '')
  const rude = connect(path)
  rude.on('error', () => {})
  await once(rude, 'connect')
  rude.write('{"v":1,"op":"services"}\n'.repeat(1000))
  rude.destroy()
  await stillServes(t, path)
})

t.test('a line without end is refused, told why, and hung up on', async t => {
  const path = await serve(t)
  t.match(
    await talk(path, Buffer.alloc(1024 * 1024, 'x')),
    /^\{"v":1,"ok":false,"refusal":"EPROTO",.*longer than 65536 bytes"\}\n$/,
  )
  const endless = connect(path)
  const writing = setInterval(() => endless.write(Buffer.alloc(65536, 'x')), 1)
  await closed(endless)
  clearInterval(writing)
  await stillServes(t, path)
})

t.test('a client that does not read its answers costs one answer, and others are served', async t => {
  const control = new FakeControl()
  const path = await serve(t, control)
  const big: Control = { call: async () => ({ ok: true, value: { text: 'x'.repeat(100000) } }) as never }
  const bigPath = `${path}2`
  const server = await serveControl(bigPath, big)
  t.teardown(() => server.close())
  const deaf = connect(bigPath)
  deaf.pause()
  let asked = 0
  const call = big.call
  big.call = request => {
    asked++
    return call(request)
  }
  deaf.write('{"v":1,"op":"verdicts"}\n'.repeat(500))
  await new Promise(resolve => setTimeout(resolve, 200))
  t.ok(asked < 50, `${asked} of 500 answered`)
  const other = connectControl(bigPath)
  t.match(await other.call({ op: 'flush' }), { ok: true })
  other.close()
  deaf.resume()
  deaf.end()
  await closed(deaf)
  t.equal(asked, 501)
})

t.test('a client that asks nothing gives its place up to another, and is told', async t => {
  const path = await serve(t)
  const sockets: Socket[] = []
  for (let i = 0; i < 64; i++) {
    const socket = connect(path)
    await once(socket, 'connect')
    sockets.push(socket)
  }
  const told = once(sockets[0]!, 'data')
  await stillServes(t, path)
  t.match(
    String((await told)[0]),
    /^\{"v":1,"ok":false,"refusal":"EBUSY","message":"another client needs the seat of this/,
  )
  sockets[1]!.write('{"v":1,"op":"flush"}\n')
  t.equal(String((await once(sockets[1]!, 'data'))[0]), '{"v":1,"ok":true,"value":null}\n', 'the others stay')
  for (const socket of sockets) socket.destroy()
})

t.test('where all are busy, who comes waits for a place', async t => {
  const replies: (() => void)[] = []
  const slow = (): Promise<never> =>
    new Promise(resolve => replies.push(() => resolve({ ok: true, value: null } as never)))
  const path = await serve(t, { call: slow })
  const busy = Array.from({ length: 64 }, () => talk(path, '{"v":1,"op":"flush"}\n'))
  while (replies.length < 64) await new Promise(resolve => setTimeout(resolve, 10))
  const late = talk(path, '{"v":1,"op":"verdicts"}\n')
  await new Promise(resolve => setTimeout(resolve, 1300))
  t.equal(replies.length, 64, 'it waits')
  replies[7]!()
  while (replies.length < 65) await new Promise(resolve => setTimeout(resolve, 10))
  for (const reply of replies) reply()
  t.equal(await late, '{"v":1,"ok":true,"value":null}\n')
  t.strictSame(new Set(await Promise.all(busy)), new Set(['{"v":1,"ok":true,"value":null}\n']))
})

t.test('a director that throws is answered for, and lives', async t => {
  const path = await serve(t, { call: () => Promise.reject(new TypeError('a bug')) })
  t.equal(
    await talk(path, '{"v":1,"op":"flush"}\n'),
    '{"v":1,"ok":false,"refusal":"EPROTO","message":"the director failed: TypeError: a bug"}\n',
  )
})

t.test('close hangs up on clients', async t => {
  const path = `${tempDir(t)}/uvs.sock`
  const server = await serveControl(path, new FakeControl())
  const idle = connect(path)
  await once(idle, 'connect')
  await Promise.all([closed(idle), server.close()])
  t.notOk(existsSync(path))
})

t.test('what was asked, and how it ended, is told', async t => {
  const path = `${tempDir(t)}/uvs.sock`
  const asked: string[] = []
  const answered = ({ op }: Request, reply: Reply): void => void asked.push(`${op} ${reply.ok || reply.refusal}`)
  const server = await serveControl(path, new BenchDirector().control, { answered })
  t.teardown(() => server.close())
  await talk(path, '{"v":1,"op":"flush"}\n{"v":1,"op":"dance"}\n{"v":1,"op":"delete-service","service":{"mark":1}}\n')
  t.strictSame(asked, ['flush true', 'delete-service ESRCH'], 'but not what is no request')
})
