import { writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { constants } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Request } from '../../../src/control/protocol/api.js'
import { connectControl, explain, Unreachable } from '../../../src/control/socket/client.js'
import { serveControl } from '../../../src/control/socket/server.js'
import { FakeControl } from '../../support/fake-control.js'
import { tempDir } from '../../support/temp.js'
import { serviceSettings } from '../../support/settings.js'

type Test = Pick<typeof t, 'teardown'>

/** Something that answers at `path` but is no director. */
async function impostor(t: Test, path: string, answer: (socket: Socket) => void): Promise<void> {
  const server: Server = createServer(socket => {
    socket.on('error', () => {})
    answer(socket)
  })
  await new Promise<void>(resolve => server.listen(path, resolve))
  t.teardown(() => server.close())
}

t.test('replies come back to the request they belong to', async t => {
  const path = `${tempDir(t)}/uvs.sock`
  const server = await serveControl(path, new FakeControl())
  t.teardown(() => server.close())
  const client = connectControl(path)
  t.teardown(() => client.close())
  const service = { protocol: 'tcp', address: '10.0.0.1', port: 80 } as const
  const replies = await Promise.all([
    client.call({ op: 'add-service', service, settings: serviceSettings('rr') }),
    client.call({ op: 'add-service', service, settings: serviceSettings('rr') }),
    client.call({ op: 'services' }),
  ])
  t.match(replies, [
    { ok: true },
    { ok: false, refusal: 'EEXIST' },
    { ok: true, value: { rows: [{ ...service, scheduler: 'rr' }], next: null } },
  ])
})

/** A director that answers each request `ms` after it has come. */
function late(ms: number): (socket: Socket) => void {
  return socket => {
    let ready = Promise.resolve()
    const lines = createInterface({ input: socket })
    lines.on('line', () => {
      ready = ready.then(() => sleep(ms)).then(() => void socket.write('{"v":1,"ok":true,"value":null}\n'))
    })
  }
}

t.test('a director that does not answer is waited for no longer than that, and what is known is said', async t => {
  const path = `${tempDir(t)}/uvs.sock`
  await impostor(t, path, socket => t.teardown(() => socket.destroy()))
  const client = connectControl(path, { ms: 100, longMs: 200 })
  t.teardown(() => client.close())
  const silence = (s: number): string => `the director at ${path} has not answered for ${s} s`
  const doubt = '; it may have done what was asked all the same'
  const look = `${doubt}: look with uvsadm -Ln before you try again`
  const service = { protocol: 'tcp', address: '10.0.0.1', port: 80 } as const
  const cases: [Request, string][] = [
    [{ op: 'services' }, silence(0.1)],
    [{ op: 'begin' }, silence(0.2)],
    [{ op: 'stage', requests: [] }, silence(0.2)],
    [{ op: 'commit' }, silence(0.2) + look],
    [{ op: 'flush' }, silence(0.2) + look],
    [{ op: 'batch', requests: [] }, silence(0.2) + look],
    [{ op: 'delete-service', service }, silence(0.1) + look],
    [{ op: 'set-sysctl', name: 'sloppy_tcp', value: '1' }, silence(0.1) + doubt],
  ]
  for (const [request, message] of cases)
    await t.test(request.op, t => t.rejects(client.call(request), new Unreachable(message)))
})

t.test('a director that is at a transaction may take longer', async t => {
  const path = `${tempDir(t)}/uvs.sock`
  await impostor(t, path, late(400))
  const client = connectControl(path, { ms: 100, longMs: 60_000 })
  t.teardown(() => client.close())
  t.match(await client.call({ op: 'commit' }), { ok: true })
  t.match(
    await Promise.all([client.call({ op: 'begin' }), client.call({ op: 'stage', requests: [] })]),
    [{ ok: true }, { ok: true }],
    'one after the other on one connection',
  )
  const [commit, services] = await Promise.allSettled([client.call({ op: 'commit' }), client.call({ op: 'services' })])
  t.match(commit, { status: 'fulfilled' })
  const silence = `the director at ${path} has not answered for 0.1 s`
  t.match(
    services,
    { status: 'rejected', reason: { message: silence } },
    'the time of what comes behind it runs after it',
  )
})

t.test('no director, and one that comes later', async t => {
  const directory = tempDir(t)
  const path = `${directory}/uvs.sock`
  writeFileSync(`${directory}/file`, '')
  const client = connectControl(path)
  t.teardown(() => client.close())
  const nobody = new Unreachable(`no director answers at ${path}: is uvs director running?`)
  await t.rejects(Promise.all([client.call({ op: 'flush' }), client.call({ op: 'flush' })]), nobody)
  const server = await serveControl(path, new FakeControl())
  t.match(await client.call({ op: 'flush' }), { ok: true }, 'the same client connects again')
  await server.close()
  await t.rejects(client.call({ op: 'flush' }), { message: /^(no director answers|the director) at / })
  for (const path of [`${directory}/file`, `${directory}/file/uvs.sock`])
    await t.rejects(connectControl(path).call({ op: 'flush' }), { message: /^no director answers at/ }, path)
})

t.test('an errno is explained', async t => {
  const cases: [keyof typeof constants.errno, RegExp][] = [
    ['ENOENT', /^no director answers at \/x: is uvs director running\?$/],
    ['ECONNREFUSED', /^no director answers/],
    ['ENOTDIR', /^no director answers/],
    ['EACCES', /^permission denied: \/x /],
    ['EPERM', /^permission denied/],
    ['EPIPE', /^the director at \/x hung up$/],
    ['ECONNRESET', /hung up$/],
    ['EMFILE', /^cannot reach a director at \/x: too many open files$/],
  ]
  for (const [code, wanted] of cases)
    t.match(explain(Object.assign(new Error(), { code, errno: -constants.errno[code] }), '/x'), wanted, code)
})

t.test('a connection that is lost', async t => {
  const path = `${tempDir(t)}/uvs.sock`
  await impostor(t, path, socket => socket.once('data', () => socket.destroy()))
  await t.rejects(connectControl(path).call({ op: 'flush' }), { message: `the director at ${path} hung up` })
})

t.test('what is no director', async t => {
  for (const line of ['HTTP/1.1 400 Bad Request\r\n', '7\n', '{}\n', 'null\n']) {
    const path = `${tempDir(t)}/uvs.sock`
    await t.test(JSON.stringify(line), async t => {
      await impostor(t, path, socket => socket.end(line))
      await t.rejects(connectControl(path).call({ op: 'flush' }), {
        message: `what answers at ${path} is no director`,
      })
    })
  }
})

t.test('a director of another release is called that', async t => {
  const cases: [reply: string, theirs: string][] = [
    ['{"ok":true,"value":null}', 'a protocol without versions'],
    ['{"v":2,"ok":false,"refusal":"EPROTO","message":"version 1: …"}', 'version 2 of the protocol'],
    ['{"v":"x\\ny","ok":true,"value":null}', 'a protocol without versions'],
  ]
  for (const [reply, theirs] of cases) {
    const path = `${tempDir(t)}/uvs.sock`
    await impostor(t, path, socket => socket.end(`${reply}\n`))
    await t.rejects(connectControl(path).call({ op: 'flush' }), {
      message: `what answers at ${path} is a director of another release: it speaks ${theirs}, and this program version 1`,
    })
  }
})

t.test('closing rejects what waits', async t => {
  const path = `${tempDir(t)}/uvs.sock`
  await impostor(t, path, () => {})
  const client = connectControl(path)
  const waiting = client.call({ op: 'flush' })
  client.close()
  await t.rejects(waiting, { message: `the connection to ${path} was closed` })
})
