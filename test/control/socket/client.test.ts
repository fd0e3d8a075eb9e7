import { writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { constants } from 'node:os'
import t from 'tap'
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

t.test('a director that does not answer is waited for no longer than that', async t => {
  const path = `${tempDir(t)}/uvs.sock`
  await impostor(t, path, socket => t.teardown(() => socket.destroy()))
  const client = connectControl(path, 100)
  t.teardown(() => client.close())
  await t.rejects(client.call({ op: 'flush' }), new Unreachable(`the director at ${path} does not answer`))
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
