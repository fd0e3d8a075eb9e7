import t from 'tap'
import { hostSockets } from '../../../src/keepalived/checkers/host-sockets.js'
import { checkTcp } from '../../../src/keepalived/checkers/tcp-check.js'
import { NEVER, SILENT, tcpServer } from './servers.js'
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
  t.strictSame(await checkTcp(CHECKER, peer, hostSockets, NEVER), { isUp: true })
  t.equal(await whole, 0, 'FIN, no octet')
})

t.test('a server that talks first is up', async t => {
  const peer = await tcpServer(t, socket => socket.write('220 hello\r\n'))
  t.strictSame(await checkTcp(CHECKER, peer, hostSockets, NEVER), { isUp: true })
})

t.test('a closed port', async t => {
  const peer = { address: '127.0.0.1', port: 1, fwmark: 0 }
  t.strictSame(await checkTcp(CHECKER, peer, hostSockets, NEVER), { isUp: false, why: 'connection refused' })
})

t.test('SYNs that nobody answers', async t => {
  const began = performance.now()
  const peer = { address: '192.0.2.1', port: 80, fwmark: 0 }
  const result = await checkTcp(CHECKER, peer, SILENT, NEVER)
  t.strictSame(result, { isUp: false, why: 'no connection within 300 ms' })
  t.ok(performance.now() - began >= 295)
})

t.test('given up before and while it goes on', async t => {
  const peer = { address: '192.0.2.1', port: 80, fwmark: 0 }
  t.strictSame(await checkTcp(CHECKER, peer, SILENT, AbortSignal.abort()), { isUp: false, why: 'given up' })
  const abort = new AbortController()
  const result = checkTcp(CHECKER, peer, SILENT, abort.signal)
  abort.abort()
  t.strictSame(await result, { isUp: false, why: 'given up' })
})
