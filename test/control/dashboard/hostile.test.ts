import { connect, type Socket } from 'node:net'
import t from 'tap'
import type { Control } from '../../../src/control/protocol/api.js'
import { STREAMS_EACH } from '../../../src/control/dashboard/live/live.js'
import { BenchDirector } from '../../support/bench-director.js'
import { ask, next, post, serveDashboard, ticks } from './serve.js'

/* Clients that send what no browser does, much of it, or do not read: they are refused, and others are answered meanwhile. */

type Test = Parameters<typeof serveDashboard>[0]

/** What a server says to what is sent as it is, until it closes the connection or has said `enough`. */
function say(t: Test, port: number, text: string, enough?: RegExp): Promise<string> {
  return new Promise(resolve => {
    let said = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    t.teardown(() => socket.destroy())
    socket
      .on('data', piece => {
        said += String(piece)
        if (enough?.test(said)) resolve(said)
      })
      .on('error', () => {})
      .on('close', () => resolve(said))
  })
}
const statusOf = (said: string): string => /^HTTP\/1\.1 (\d+)/.exec(said)?.[1] ?? said

t.test('a request for two hosts, for none, or for another by its first line, is not answered', async t => {
  const port = await serveDashboard(t, { control: new BenchDirector().control })
  for (const [lines, status] of [
    [['GET /api/session HTTP/1.1', 'Host: localhost'], '200'],
    [['GET /api/session HTTP/1.1', 'Host: localhost', 'Host: evil.example'], '400'],
    [['GET /api/session HTTP/1.1', 'Host: evil.example', 'host: localhost'], '400'],
    [['GET / HTTP/1.1', 'Host: localhost', 'HOST: localhost'], '400'],
    [['GET /api/session HTTP/1.1', 'Host: localhost, evil.example'], '403'],
    [['GET /api/session HTTP/1.1', 'Host:'], '403'],
    [['GET /api/session HTTP/1.1'], '400'],
    [['GET /api/session HTTP/1.0'], '403'],
    [['GET http://evil.example/api/session HTTP/1.1', 'Host: localhost'], '400'],
    [['GET //evil.example/api/session HTTP/1.1', 'Host: evil.example'], '403'],
  ] as const)
    t.equal(
      statusOf(await say(t, port, `${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`)),
      status,
      lines.join(', '),
    )
})

t.test('headers and bodies without end are cut off', async t => {
  const port = await serveDashboard(t, { control: new BenchDirector().control })
  const head = 'HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
  const large = 'x'.repeat(8192)
  const pieces = `${'10000\r\n'.padStart(7)}${'x'.repeat(65536)}\r\n`.repeat(40)
  for (const [text, status] of [
    [`GET / ${head}X: ${large}\r\n\r\n`, '431'],
    [`GET / ${head}${'X-Of-Many: xxxxxxxxxxxxxxxxxxxx\r\n'.repeat(2000)}`, '431'],
    [`GET /${large} ${head}`, '431'],
    [`POST /api/read ${head}Content-Length: 1000000000\r\n\r\n`, '413'],
    [`POST /api/plan ${head}Transfer-Encoding: chunked\r\n\r\n${pieces}`, '413'],
    [`POST /api/login ${head}Content-Length: 5000\r\n\r\n${large}`, '413|403'],
    [`POST /api/read ${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`, '400'],
  ] as const) {
    const said = await say(t, port, text)
    t.match(statusOf(said), new RegExp(`^(${status})$`), text.slice(0, 100).replaceAll('\r\n', ', '))
  }
  t.equal((await ask(port, '/healthz')).status, 200)
})

t.test('a client that asks on without awaiting answers is disconnected: they would be kept for it', async t => {
  const { control: inner } = new BenchDirector()
  let asked = 0
  let answer!: () => void
  const mayAnswer = new Promise<void>(resolve => (answer = resolve))
  const control: Control = {
    call: async request => {
      if (request.op === 'totals') {
        asked++
        await mayAnswer
      }
      return inner.call(request)
    },
  }
  const port = await serveDashboard(t, { control })
  const body = '{"op":"totals"}'
  const one = `POST /api/read HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const said = say(t, port, one.repeat(1000))
  t.equal(await said, '', 'closed, and nothing is answered')
  t.ok(asked < 20, `${asked} requests of 1000 have reached the director`)
  answer()
  t.equal((await post(port, '/api/read', { op: 'totals' })).status, 200)
  const four = await say(t, port, one.repeat(4), /(HTTP\/1\.1 200[^]*){4}/)
  t.equal(four.match(/HTTP\/1\.1 200/g)?.length, 4, 'a few at once are answered')
})

t.test('1000 idle streams, and as many that do not read, harm nobody', { timeout: 240_000 }, async t => {
  const { control } = new BenchDirector()
  const port = await serveDashboard(t, { control })
  const reader = ticks(t, port)
  await next(reader)
  /** How each ended: by a status, or closed before it was answered. */
  const ends = await Promise.all(Array.from({ length: 1000 }, (_, i) => begun(t, port, i % 2 === 0)))
  const streams = ends.filter(end => end === '200').length
  t.ok(streams < STREAMS_EACH, `${streams} streams besides the reader's`)
  t.ok(ends.includes('503'), 'others are refused')
  for (let i = 0; i < 2; i++) t.equal((await next(reader)).event, 'tick')
  t.equal((await ask(port, '/healthz')).status, 200)
  t.equal((await post(port, '/api/read', { op: 'totals' })).status, 200)
})

/** Begins a stream that stays open, read or not. */
function begun(t: Test, port: number, doesRead: boolean): Promise<string> {
  return new Promise(resolve => {
    const socket: Socket = connect(port, '127.0.0.1', () =>
      socket.write('GET /api/live?services=0,200 HTTP/1.1\r\nHost: localhost\r\n\r\n'),
    )
    t.teardown(() => socket.destroy())
    socket
      .once('data', piece => {
        if (!doesRead) socket.pause()
        resolve(statusOf(String(piece)))
      })
      .on('error', () => {})
      .on('close', () => resolve('closed'))
  })
}
