import t from 'tap'
import { fullPort } from '../../support/listener.js'
import { probed } from './probed.js'
import { tcpServer } from './servers.js'
import { TIMING } from './timing.js'

const CHECKER = { ...TIMING, kind: 'TCP_CHECK' } as const

t.test('a connection that opens is enough, and is closed without a word', async t => {
  let ended: ((octets: number) => void) | undefined
  const whole = new Promise<number>(resolve => (ended = resolve))
  const peer = await tcpServer(t, socket => {
    socket.resume().on('end', () => {
      ended!(socket.bytesRead)
      socket.end()
    })
  })
  t.strictSame(await probed(CHECKER, peer), { isUp: true })
  t.equal(await whole, 0, 'FIN, no octet')
})

t.test('a server that talks first is up', async t => {
  const peer = await tcpServer(t, socket => socket.write('220 hello\r\n'))
  t.strictSame(await probed(CHECKER, peer), { isUp: true })
})

t.test('a closed port', async t => {
  const peer = { address: '127.0.0.1', port: 1, fwmark: 0 }
  t.strictSame(await probed(CHECKER, peer), { isUp: false, why: 'connection refused' })
})

t.test('SYNs that nobody answers', async t => {
  const peer = { address: '127.0.0.1', port: await fullPort(t) }
  const took: number[] = []
  // One of several goes on as a machine that is not busy does.
  while (took.length < 5 && !(took.at(-1)! < 800)) {
    const began = performance.now()
    const results = Promise.all([1, 2, 3].map(() => probed({ ...CHECKER, connectTimeoutMs: 300 }, peer)))
    for (const result of await results) t.strictSame(result, { isUp: false, why: 'no connection within 300 ms' })
    took.push(performance.now() - began)
  }
  t.ok(took.every(ms => ms >= 299) && took.at(-1)! < 800, `${took.join(', ')} ms: not one after the other`)
})

t.test('a network that cannot be reached', async t => {
  const peer = { address: '255.255.255.255', port: 80, fwmark: 0 }
  t.match(await probed(CHECKER, peer), { isUp: false, why: /unreachable|denied/ })
})
