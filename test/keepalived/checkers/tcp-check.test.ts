import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { hostSockets } from '../../../src/keepalived/checkers/host-sockets.js'
import { checkTcp } from '../../../src/keepalived/checkers/tcp-check.js'
import type { Peer } from '../../../src/keepalived/checkers/peer.js'
import { NEVER, tcpServer } from './servers.js'
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

/** A port whose backlog is full, as its process is stopped: SYNs to it get no answer. */
async function fullPort(t: Test): Promise<Peer> {
  const child = fork(fileURLToPath(new URL('../health/listeners.js', import.meta.url)), ['1', '1'])
  t.teardown(() => void child.kill('SIGKILL'))
  const [ports] = (await once(child, 'message')) as [number[]]
  child.kill('SIGSTOP')
  const peer = { address: '127.0.0.1', port: ports[0]!, fwmark: 0 }
  const fillers = Array.from({ length: 8 }, () => connect(peer.port, peer.address).on('error', () => {}))
  const open = (): number => fillers.filter(({ readyState }) => readyState === 'open').length
  t.teardown(() => fillers.forEach(socket => socket.destroy()))
  // Of a backlog of 1 the kernel makes room for two.
  for (let i = 0; i < 3000 && open() < 2; i++) await new Promise(resolve => setTimeout(resolve, 10))
  await new Promise(resolve => setTimeout(resolve, 200))
  return peer
}

t.test('SYNs that nobody answers', async t => {
  const peer = await fullPort(t)
  const took: number[] = []
  // One of several goes on as a machine that is not busy does.
  while (took.length < 5 && !(took.at(-1)! < 800)) {
    const began = performance.now()
    const results = Promise.all(
      [1, 2, 3].map(() => checkTcp({ ...CHECKER, connectTimeoutMs: 300 }, peer, hostSockets, NEVER)),
    )
    for (const result of await results) t.strictSame(result, { isUp: false, why: 'no connection within 300 ms' })
    took.push(performance.now() - began)
  }
  t.ok(took.every(ms => ms >= 299) && took.at(-1)! < 800, `${took.join(', ')} ms: not one after the other`)
  const abort = new AbortController()
  const result = checkTcp(CHECKER, peer, hostSockets, abort.signal)
  abort.abort()
  t.strictSame(await result, { isUp: false, why: 'given up' })
  t.strictSame(await checkTcp(CHECKER, peer, hostSockets, AbortSignal.abort()), { isUp: false, why: 'given up' })
})

t.test('a network that cannot be reached', async t => {
  const peer = { address: '255.255.255.255', port: 80, fwmark: 0 }
  t.match(await checkTcp(CHECKER, peer, hostSockets, NEVER), { isUp: false, why: /unreachable|denied/ })
})
