import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import t from 'tap'
import { clientAddress, receiveClientAddress, type ClientAddressOptions } from '../../src/client-address/index.js'

type Test = Pick<typeof t, 'teardown'>

const LINE = 'PROXY TCP4 203.0.113.7 10.0.0.1 40000 80\r\n'
const BINARY = Buffer.from('0d0a0d0a000d0a515549540a2111000ccb0071070a0000019c400050', 'hex')
const LEARNT = { address: '203.0.113.7', port: 40_000, localAddress: '10.0.0.1', localPort: 80, by: 'proxy' }
const REQUEST = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'
const LAST = 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'

async function listening(t: Test, server: Server, options: ClientAddressOptions = { by: 'proxy' }): Promise<number> {
  receiveClientAddress(server, options)
  server.listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Sends each part in a segment of its own; answers what comes back until the end. */
async function talk(port: number, ...parts: (string | Buffer)[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const answer = text(socket).catch((error: NodeJS.ErrnoException) => error.code ?? 'error')
  await once(socket, 'connect')
  for (const part of parts) {
    socket.write(part)
    await new Promise(resolve => setTimeout(resolve, parts.length > 10 ? 1 : 5))
  }
  return answer
}
/** Answers each request with who asks; `socket` says it too. */
function whoAsks(): Server {
  return createHttpServer(({ socket }, response) => {
    response.end(`${JSON.stringify(clientAddress(socket))} ${socket.remoteAddress}:${socket.remotePort}\n`)
  })
}
const SAID = `${JSON.stringify(LEARNT)} 203.0.113.7:40000`

t.test('http: a header and requests, in one segment or split anywhere', async t => {
  const port = await listening(t, whoAsks())
  for (const header of [Buffer.from(LINE), BINARY]) {
    const all = Buffer.concat([header, Buffer.from(REQUEST + LAST)])
    for (const parts of [
      [all],
      [header, REQUEST, LAST],
      [header, REQUEST + LAST],
      [Buffer.concat([header, Buffer.from(REQUEST)]), LAST],
      ...Array.from({ length: header.length + 2 }, (_, i) => [all.subarray(0, i + 1), all.subarray(i + 1)]),
      Array.from(all, octet => Buffer.from([octet])),
    ]) {
      const answer = await talk(port, ...parts)
      t.equal(
        answer.split(SAID).length,
        3,
        `${parts.map(part => part.length).join(' + ')} octets: ${answer.slice(0, 15)}`,
      )
    }
  }
})

t.test('http: a large body comes whole', async t => {
  const server = createHttpServer((request, response) => {
    void text(request).then(body => response.end(`${body.length} ${clientAddress(request.socket).address}`))
  })
  const port = await listening(t, server)
  const body = 'x'.repeat(3_000_000)
  const head = `POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`
  t.match(await talk(port, LINE + head + body), /3000000 203\.0\.113\.7$/)
})

t.test('net: the data behind the header, the end too', async t => {
  const server = createServer({ allowHalfOpen: true }, socket => {
    const { address, by } = clientAddress(socket)
    let data = ''
    socket.on('data', chunk => (data += String(chunk)))
    socket.on('end', () => socket.end(`${address} ${by} ${data}`))
  })
  const port = await listening(t, server)
  for (const parts of [[`${LINE}hello`], [LINE, 'hello'], ['PRO', `${LINE.slice(3)}hel`, 'lo']]) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const answer = text(socket)
    for (const part of parts) {
      socket.write(part)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    socket.end()
    t.equal(await answer, '203.0.113.7 proxy hello', parts.join(' | '))
  }
  const socket = connect({ port, host: '127.0.0.1' })
  socket.end(`${LINE}hello`)
  t.equal(await text(socket), '203.0.113.7 proxy hello', 'all and the end at once')
})

t.test('net: a server that listens to readable, or only later, misses nothing', async t => {
  for (const late of [0, 30]) {
    const server = createServer(socket => {
      setTimeout(() => socket.on('data', data => socket.end(data)), late)
    })
    t.equal(await talk(await listening(t, server), `${LINE}hello`), 'hello', `${late} ms`)
  }
  const server = createServer(socket => {
    socket.on('readable', () => {
      const data = socket.read() as Buffer | null
      if (data) socket.end(data)
    })
  })
  t.equal(await talk(await listening(t, server), `${LINE}hello`), 'hello')
})

t.test('listeners that come later are given the connection too, once it is known', async t => {
  const server = createServer()
  const port = await listening(t, server)
  server.on('connection', (socket: Socket) => socket.end(clientAddress(socket).address))
  t.equal(await talk(port, LINE), '203.0.113.7')
})

t.test('tls: the header comes before the handshake', async t => {
  const psk = Buffer.alloc(16, 1)
  const [minVersion, maxVersion, ciphers] = ['TLSv1.2', 'TLSv1.2', 'PSK-AES128-GCM-SHA256'] as const
  const server = createTlsServer({ ciphers, minVersion, maxVersion, pskCallback: () => psk }, socket => {
    socket.end(clientAddress(socket).address)
  })
  const port = await listening(t, server)
  const under = connect(port, '127.0.0.1')
  under.write(LINE)
  const pskCallback = () => ({ psk, identity: 'x' })
  const options = { socket: under, ciphers, minVersion, maxVersion, pskCallback, checkServerIdentity: () => undefined }
  const socket: TLSSocket = connectTls(options)
  t.equal(await text(socket), '203.0.113.7')
})

t.test('no header, or a wrong one: refused, and nobody hears of it', async t => {
  const server = createServer(() => t.fail('a connection'))
  const port = await listening(t, server)
  for (const start of [
    REQUEST,
    'PROXY TCP4 x\r\n',
    `${BINARY.subarray(0, 12).toString('latin1')}\x31\x11\x00\x00`,
    'P'.repeat(70_000),
  ])
    t.match(await talk(port, Buffer.from(start, 'latin1')), /^(ECONNRESET)?$/, JSON.stringify(start.slice(0, 20)))
})

t.test('no header, or a wrong one, where others may connect too', async t => {
  const port = await listening(t, whoAsks(), { by: 'proxy', withoutHeader: 'pass', timeoutMs: 200 })
  t.match(await talk(port, LAST), /"address":"127.0.0.1","port":\d+,"by":"peer"/)
  t.match(await talk(port, LINE + LAST), SAID)
  t.match(await talk(port, 'PROXY TCP4 x\r\n', LAST), /^(ECONNRESET)?$/)
  const silent = createServer(socket => socket.end('hello'))
  const options = { by: 'proxy', withoutHeader: 'pass', timeoutMs: 50 } as const
  t.equal(await talk(await listening(t, silent, options)), 'hello', 'who waits for the server to speak')
})

t.test('who is not trusted has no header read', async t => {
  const port = await listening(t, whoAsks(), { by: 'proxy', trusted: ['10.0.0.0/8', '::1'] })
  t.match(await talk(port, LAST), /"by":"peer"/)
  t.match(await talk(port, LINE + LAST), /^HTTP\/1.1 400/)
  const trusting = await listening(t, whoAsks(), { by: 'proxy', trusted: ['127.0.0.1'] })
  t.match(await talk(trusting, LINE + LAST), SAID)
})

t.test('a header that takes too long, ends early, or is too long is refused', async t => {
  const server = createServer(() => t.fail('a connection'))
  const port = await listening(t, server, { by: 'proxy', timeoutMs: 100, mostOctets: 27 })
  t.match(await talk(port, 'PROXY TCP4 '), /^(ECONNRESET)?$/)
  t.match(await talk(port), /^(ECONNRESET)?$/)
  t.match(await talk(port, BINARY), /^(ECONNRESET)?$/)
  const socket = connect(port, '127.0.0.1')
  socket.end('PROXY')
  t.equal(await text(socket), '')
})

t.test('LOCAL and UNKNOWN: the peer speaks for itself', async t => {
  const port = await listening(t, whoAsks())
  t.match(await talk(port, `PROXY UNKNOWN\r\n${LAST}`), /"address":"127.0.0.1","port":\d+,"by":"peer"/)
})

t.test('two thousand connections, fifty at a time', async t => {
  const port = await listening(t, whoAsks())
  let right = 0
  const one = async (n: number): Promise<void> => {
    const header = `PROXY TCP4 203.0.113.${n % 256} 10.0.0.1 ${10_000 + n} 80\r\n`
    const socket = connect(port, '127.0.0.1')
    const at = n % (header.length + LAST.length)
    socket.write((header + LAST).slice(0, at))
    setImmediate(() => socket.write((header + LAST).slice(at)))
    if ((await text(socket)).includes(` 203.0.113.${n % 256}:${10_000 + n}\n`)) right++
  }
  for (let n = 0; n < 2000; n += 50) await Promise.all(Array.from({ length: 50 }, (_, i) => one(n + i)))
  t.equal(right, 2000)
})

t.test('toa: a connection without the option is its peer', async t => {
  if (process.platform !== 'linux') return t.comment('Linux only')
  t.match(
    await talk(await listening(t, whoAsks(), { by: 'toa' }), LAST),
    /"address":"127.0.0.1","port":\d+,"by":"peer"/,
  )
  return undefined
})

t.test('options that are wrong are named', async t => {
  for (const trusted of ['10.0.0.0/33', '10.0.0', '10.0.0.1/', '10.0.0.1/8/8', '::/129', 'x'])
    t.throws(() => receiveClientAddress(createServer(), { by: 'proxy', trusted: [trusted] }), {
      name: 'RangeError',
      message: `trusted: '${trusted}' is neither an address nor ADDRESS/PREFIX`,
    })
  const cases: [unknown, string, string][] = [
    [undefined, 'TypeError', "options: undefined is no object such as { by: 'proxy' }"],
    [null, 'TypeError', "options: null is no object such as { by: 'proxy' }"],
    ['proxy', 'TypeError', "options: 'proxy' is no object such as { by: 'proxy' }"],
    [['proxy'], 'TypeError', "options: [ 'proxy' ] is no object such as { by: 'proxy' }"],
    [{}, 'RangeError', "by: undefined is neither 'proxy' nor 'toa'"],
    [{ by: 'x' }, 'RangeError', "by: 'x' is neither 'proxy' nor 'toa'"],
    [{ by: 'a\nb' }, 'RangeError', "by: 'a\\nb' is neither 'proxy' nor 'toa'"],
    [{ by: 'proxy', timeoutMs: -1 }, 'RangeError', 'timeoutMs: -1 is no whole number from 1 to 2147483647'],
    [{ by: 'proxy', timeoutMs: 0 }, 'RangeError', 'timeoutMs: 0 is no whole number from 1 to 2147483647'],
    [{ by: 'proxy', timeoutMs: NaN }, 'RangeError', 'timeoutMs: NaN is no whole number from 1 to 2147483647'],
    [
      { by: 'proxy', timeoutMs: 2 ** 31 },
      'RangeError',
      'timeoutMs: 2147483648 is no whole number from 1 to 2147483647',
    ],
    [{ by: 'proxy', timeoutMs: 'x' }, 'TypeError', "timeoutMs: 'x' is no whole number from 1 to 2147483647"],
    [{ by: 'proxy', mostOctets: 0 }, 'RangeError', 'mostOctets: 0 is no whole number from 16 to 65551'],
    [{ by: 'proxy', mostOctets: 65_552 }, 'RangeError', 'mostOctets: 65552 is no whole number from 16 to 65551'],
    [{ by: 'proxy', mostOctets: '536' }, 'TypeError', "mostOctets: '536' is no whole number from 16 to 65551"],
    [{ by: 'proxy', withoutHeader: 'x' }, 'RangeError', "withoutHeader: 'x' is neither 'refuse' nor 'pass'"],
    [
      { by: 'proxy', timeout: 1 },
      'TypeError',
      'timeout: there is no such option, only by, trusted, withoutHeader, timeoutMs, mostOctets',
    ],
    [
      { by: 'proxy', trusted: '10.0.0.0/8' },
      'TypeError',
      "trusted: '10.0.0.0/8' is no array of ADDRESS or ADDRESS/PREFIX",
    ],
    [{ by: 'proxy', trusted: [7] }, 'TypeError', 'trusted: 7 is neither an address nor ADDRESS/PREFIX'],
    ...(['mostOctets', 'timeoutMs', 'withoutHeader'] as const).map((name): [unknown, string, string] => [
      { by: 'toa', [name]: 'x' },
      'TypeError',
      `${name}: only with by: 'proxy', there are no headers with 'toa'`,
    ]),
  ]
  for (const [options, name, message] of cases) {
    const server = createServer()
    const { emit } = server
    t.throws(() => receiveClientAddress(server, options as ClientAddressOptions), { name, message })
    t.equal(server.emit, emit, 'nothing has changed')
    t.equal(server.listenerCount('connection') + server.listenerCount('listening'), 0)
  }
})

t.test('what may be given, at its ends', async t => {
  for (const options of [
    { timeoutMs: 1, mostOctets: 16 },
    { timeoutMs: 2 ** 31 - 1, mostOctets: 65_551, withoutHeader: 'refuse', trusted: [] },
    { timeoutMs: undefined, mostOctets: undefined, withoutHeader: undefined, trusted: undefined },
  ])
    t.doesNotThrow(() => receiveClientAddress(createServer(), { by: 'proxy', ...options } as ClientAddressOptions))
})

t.test('once a server; a server and a socket', async t => {
  const server = createServer()
  t.throws(() => receiveClientAddress(server, { by: 'x' as 'toa' }), { name: 'RangeError' })
  receiveClientAddress(server, { by: 'proxy' })
  for (const by of ['proxy', 'toa'] as const)
    t.throws(() => receiveClientAddress(server, { by }), {
      name: 'TypeError',
      message: 'receiveClientAddress: called a second time for this server; once is allowed',
    })
  t.throws(() => receiveClientAddress(undefined as unknown as Server, { by: 'proxy' }), {
    name: 'TypeError',
    message: 'receiveClientAddress: undefined is no server of node:net',
  })
  for (const [wrong, text] of [
    [undefined, 'undefined'],
    [null, 'null'],
    ['10.0.0.1', "'10.0.0.1'"],
    [{}, '{}'],
  ])
    t.throws(() => clientAddress(wrong as unknown as Socket), {
      name: 'TypeError',
      message: `clientAddress: ${text as string} is no socket`,
    })
})
