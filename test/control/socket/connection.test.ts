import { EventEmitter, once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import type { Control } from '../../../src/control/protocol/api.js'
import { serveControl } from '../../../src/control/socket/server.js'
import { FakeControl } from '../../support/fake-control.js'
import { tempDir } from '../../support/temp.js'

type Test = Pick<typeof t, 'teardown'>

async function serve(t: Test, control: Control, limits = { lineMs: 200, takeMs: 200 }): Promise<string> {
  const path = `${tempDir(t)}/uvs.sock`
  const server = await serveControl(path, control, { limits })
  t.teardown(() => server.close())
  return path
}

function ended(socket: Socket): Promise<void> {
  socket.on('error', () => {})
  return new Promise(resolve => socket.once('close', () => resolve()))
}

/** What the director says until it hangs up. */
async function allOf(socket: Socket): Promise<string> {
  const got: Buffer[] = []
  socket.on('data', chunk => got.push(chunk))
  await ended(socket)
  return Buffer.concat(got).toString()
}

const REFUSED = '{"v":1,"ok":false,"refusal":"EPROTO","message":"a line did not end within 0.2 seconds"}\n'
const FLUSH = '{"v":1,"op":"flush"}\n'
const OK = '{"v":1,"ok":true,"value":null}\n'

t.test('half a line is waited for no longer than that, however slowly it comes', async t => {
  const path = await serve(t, new FakeControl())
  const half = connect(path)
  half.write('{"v":1,')
  const slow = connect(path)
  const drip = setInterval(() => slow.write(' '), 10)
  slow.on('close', () => clearInterval(drip))
  const after = connect(path)
  after.write(`${FLUSH}{"v"`)
  const from = performance.now()
  t.strictSame(await Promise.all([allOf(half), allOf(slow), allOf(after)]), [REFUSED, REFUSED, OK + REFUSED])
  t.ok(performance.now() - from < 30_000)
})

t.test('who ends the connection in a line is told so; what came before is answered', async t => {
  const path = await serve(t, new FakeControl())
  const refused = '{"v":1,"ok":false,"refusal":"EPROTO","message":"the last line has no newline at its end"}\n'
  const ask = (text: string): Promise<string> => {
    const socket = connect({ path, allowHalfOpen: true })
    socket.on('end', () => socket.end())
    socket.end(text)
    return allOf(socket)
  }
  t.equal(await ask('{"v":1,"op":"flush"}'), refused)
  t.equal(await ask(`${FLUSH}{"v"`), OK + refused)
  t.equal(await ask(FLUSH), OK)
  t.equal(await ask(''), '')
})

t.test('a line that comes octet by octet in time is answered, and so is the next; silence is no offence', async t => {
  const path = await serve(t, new FakeControl(), { lineMs: 2000, takeMs: 200 })
  const socket = connect(path)
  let got = ''
  socket.on('data', chunk => (got += String(chunk)))
  for (let round = 0; round < 3; round++) {
    for (const octet of FLUSH) {
      socket.write(octet)
      await new Promise(resolve => setTimeout(resolve, 1))
    }
    await new Promise(resolve => setTimeout(resolve, 700))
  }
  await new Promise(resolve => setTimeout(resolve, 1000))
  socket.write(FLUSH)
  while (got.length < 4 * OK.length) await once(socket, 'data')
  t.equal(got, OK.repeat(4), 'past twice the time of a line since its first octet')
  socket.destroy()
})

t.test('who does not take a reply is hung up on', async t => {
  const began = new EventEmitter()
  const big: Control = {
    call: async () => {
      began.emit('asked')
      return { ok: true, value: { text: 'x'.repeat(4_000_000) } } as never
    },
  }
  const takeMs = 200
  const deaf = connect(await serve(t, big, { lineMs: 200, takeMs }))
  await once(deaf, 'connect')
  deaf.pause()
  const asked = once(began, 'asked')
  deaf.write(FLUSH.repeat(3))
  await asked
  // The reply is being written by then, and the time for it runs: a later timer of the same thread ends after it, however busy that is.
  await new Promise(resolve => setImmediate(resolve))
  await new Promise(resolve => setTimeout(resolve, takeMs + 100))
  deaf.resume()
  t.ok((await allOf(deaf)).length < 4_000_000, 'it never gets all of the first')
  const reader = connect(await serve(t, big, { lineMs: 200, takeMs: 30_000 }))
  reader.end(FLUSH)
  t.ok((await allOf(reader)).length > 4_000_000, 'who reads is served')
})

t.test('64 KiB of empty lines are refused one by one', async t => {
  const path = await serve(t, new FakeControl())
  const socket = connect(path)
  socket.end('\n'.repeat(4000))
  const lines = (await allOf(socket)).split('\n')
  t.equal(lines.length, 4001)
  t.equal(new Set(lines.slice(0, -1)).size, 1)
})
