import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type TLSSocket } from 'node:tls'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import type { HttpCheck, Url } from '../../../src/keepalived/config/tree/checker.js'
import type { CheckResult } from '../../../src/keepalived/checkers/check-result.js'
import { hostSockets } from '../../../src/keepalived/checkers/host-sockets.js'
import { checkHttp } from '../../../src/keepalived/checkers/http-get.js'
import { httpRequest } from '../../../src/keepalived/checkers/http-request.js'
import { tempDir } from '../../support/temp.js'
import { NEVER, tcpServer } from './servers.js'
import { SHORT, TIMING } from './timing.js'

const URL: Url = { path: '/', regexNoMatch: false, regexOptions: [], regexMinOffset: 0 }

function checker(more: Partial<HttpCheck> = {}): HttpCheck {
  return {
    ...TIMING,
    kind: 'HTTP_GET',
    urls: [URL],
    httpProtocol: '1.0',
    fastRecovery: false,
    enableSni: false,
    ...more,
  }
}

/** What a check of this url says of a server that answers with these octets, and then closes or not. */
async function checked(
  t: Test,
  answer: string,
  url: Partial<Url> = {},
  closes = true,
  more = {},
): Promise<CheckResult> {
  const peer = await tcpServer(t, socket => {
    socket.once('data', () => {
      if (closes) socket.end(answer, 'latin1')
      else socket.write(answer, 'latin1')
    })
  })
  return checkHttp(checker(more), { ...URL, ...url }, undefined, peer, hostSockets, NEVER)
}

const UP: CheckResult = { isUp: true }
const down = (why: string): CheckResult => ({ isUp: false, why })

t.test('the octets of a request, as recorded', async t => {
  const peer = { address: '10.1.2.1', port: 80, fwmark: 0 }
  const rest = 'User-Agent: KeepAliveClient\r\n'
  t.equal(
    httpRequest(checker(), URL, peer, undefined),
    `GET / HTTP/1.0\r\n${rest}Host: 10.1.2.1:80\r\n\r\n`,
    'with its port though it is the usual one',
  )
  for (const httpProtocol of ['1.0C', '1.1'] as const)
    t.equal(
      httpRequest(checker({ httpProtocol }), URL, { ...peer, address: '2001:db8:2::1', port: 8080 }, undefined),
      `GET / HTTP/1.1\r\n${rest}Connection: close\r\nHost: [2001:db8:2::1]:8080\r\n\r\n`,
      httpProtocol,
    )
  const hosts = [
    [{ virtualhost: 'url.example' }, { virtualhost: 'check.example' }, 'rs.example', 'url.example'],
    [{}, { virtualhost: 'check.example' }, 'rs.example', 'check.example'],
    [{}, {}, 'rs.example', 'rs.example'],
  ] as const
  for (const [url, options, host, expected] of hosts)
    t.match(httpRequest(checker(options), { ...URL, ...url }, peer, host), `\r\nHost: ${expected}\r\n\r\n`)
})

t.test('status lines: keepalived and uvs agree', async t => {
  const cases: [answer: string, result: CheckResult][] = [
    ['HTTP/1.1 200 OK\r\n\r\n', UP],
    ['http/1.1 200 ok\r\n\r\n', UP],
    ['HTTP/2.0 200 OK\r\n\r\n', UP],
    ['', down('no HTTP header')],
    ['HTTP/1.1 200 OK\r\n', down('no HTTP header')],
    ['hello\r\n\r\n', down('no HTTP status line')],
    ['HTTP/1.1 200\r\n\r\n', down('no HTTP status line')],
    ['HTTP/1.1 0200 OK\r\n\r\n', down('no HTTP status line')],
    ['HTTP/1.1  200 OK\r\n\r\n', down('no HTTP status line')],
    ['HTTP/1.1 2x0 OK\r\n\r\n', down('no HTTP status line')],
    ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n', down('status 100')],
    ['HTTP/1.1 199 X\r\n\r\n', down('status 199')],
    ['HTTP/1.1 299 X\r\n\r\n', UP],
    ['HTTP/1.1 300 X\r\n\r\n', down('status 300')],
  ]
  for (const [answer, result] of cases) t.strictSame(await checked(t, answer), result, JSON.stringify(answer))
})

t.test('where keepalived fails a server that is well', async t => {
  t.strictSame(await checked(t, 'HTTP/1.1 200 OK\n\n'), UP, 'LF alone')
  const keptOpen: [what: string, answer: string][] = [
    ['Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n'],
    ['no body', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['length 0', 'HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok\n\r\n0\r\n\r\n'],
  ]
  for (const [what, answer] of keptOpen) t.strictSame(await checked(t, answer, {}, false), UP, `kept open: ${what}`)
  const unknown = await checked(t, 'HTTP/1.1 200 OK\r\n\r\nok\n', {}, false, SHORT)
  t.strictSame(unknown, down('no end of the answer within 2000 ms'), 'an answer whose end nobody can know')
})

t.test('status codes, lengths', async t => {
  const codes = { statusCodes: [[200, 200], [400, 404]] } as const // prettier-ignore
  t.strictSame(await checked(t, 'HTTP/1.1 403 X\r\n\r\n', codes), UP)
  t.strictSame(await checked(t, 'HTTP/1.1 201 X\r\n\r\n', codes), down('status 201'))
  t.strictSame(await checked(t, 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort'), {
    isUp: true,
    note: 'content_length (100) does not match received bytes (5)',
  })
})

t.test('digest: MD5 of the body, after the status', async t => {
  const digest = 'eff5bc1ef8ec9d03e640fc4370f5eacd' // of 'ok\n'
  t.strictSame(await checked(t, 'HTTP/1.1 200 OK\r\n\r\nok\n', { digest }), UP)
  t.match(await checked(t, 'HTTP/1.1 200 OK\r\n\r\nno\n', { digest }), { why: /^MD5 digest [0-9a-f]{32}$/ })
  t.strictSame(await checked(t, 'HTTP/1.1 404 X\r\n\r\nok\n', { digest }), down('status 404'))
})

const answer = (body: string): string => `HTTP/1.1 200 OK\r\n\r\n${body}`

t.test('regex', async t => {
  const none = down('the regex does not match')
  const cases: [url: Partial<Url>, body: string, result: CheckResult][] = [
    [{ regex: 'hello *World' }, 'hello World\n', UP],
    [{ regex: 'hello *World' }, 'hello\nWorld\n', none],
    [{ regex: 'error', regexNoMatch: true }, 'fine\n', UP],
    [{ regex: 'error', regexNoMatch: true }, 'an error\n', down('the regex matches')],
    [{ regex: 'hello', regexOptions: ['caseless'] }, 'HELLO\n', UP],
    [{ regex: '(?i)hello' }, 'HELLO\n', UP],
    [{ regex: 'abc', regexMinOffset: 5 }, 'abc0123456789', UP],
    [{ regex: 'abc', regexMinOffset: 24 }, '0123456789abc', UP],
    [{ regex: 'abc', regexMinOffset: 24 }, 'abc0123456789', none],
    [{ regex: 'abc', regexMaxOffset: 5 }, '0123456789abc', none],
    [{ regex: 'a.c', regexOptions: ['literal'] }, 'abc', none],
    [{ regex: 'a b # c', regexOptions: ['EXTENDED'] }, 'ab', UP],
    [{ regex: '(' }, '', down("regex '(': /(/g: Unterminated group")],
    [{ regex: 'a', regexOptions: ['ungreedy'] }, 'a', down('regex option ungreedy: uvs does not have it')],
    [{ regex: '(a+)+$' }, `${'a'.repeat(60)}b`, down('the regex took more than 250 ms')],
  ]
  for (const [url, body, result] of cases) t.match(await checked(t, answer(body), url), result, JSON.stringify(url))
})

t.test('SSL_GET: any certificate; a name in the handshake only where it is wanted', async t => {
  const dir = tempDir(t)
  const request = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=rs.example.com'.split(' ')
  const made = spawnSync('openssl', [...request, '-keyout', `${dir}/k.pem`, '-out', `${dir}/c.pem`])
  if (made.status !== 0) {
    t.comment('openssl is not installed')
    return
  }
  const names: (string | false | null | undefined)[] = []
  const serve = (socket: TLSSocket): void => {
    names.push(socket.servername)
    socket.on('error', () => {})
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
  }
  const server = createServer({ key: readFileSync(`${dir}/k.pem`), cert: readFileSync(`${dir}/c.pem`) }, serve)
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  t.teardown(() => server.close())
  const peer = { address: '127.0.0.1', port: (server.address() as AddressInfo).port, fwmark: 0 }
  const ssl = { kind: 'SSL_GET', connectTimeoutMs: 3000 } as const
  const named = { ...URL, virtualhost: 'www.example.com' }
  t.strictSame(await checkHttp(checker(ssl), named, undefined, peer, hostSockets, NEVER), UP)
  t.strictSame(await checkHttp(checker({ ...ssl, enableSni: true }), named, undefined, peer, hostSockets, NEVER), UP)
  t.strictSame(await checkHttp(checker({ ...ssl, enableSni: true }), URL, undefined, peer, hostSockets, NEVER), UP)
  t.strictSame(names, [false, 'www.example.com', false])
  const plain = await tcpServer(t, socket => socket.once('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n')))
  t.match(
    await checkHttp(checker({ ...ssl, ...SHORT }), URL, undefined, plain, hostSockets, NEVER),
    { isUp: false },
    'no TLS',
  )
  const refused = await checkHttp(checker(ssl), URL, undefined, { ...peer, port: 1 }, hostSockets, NEVER)
  t.strictSame(refused, down('connection refused'))
})
