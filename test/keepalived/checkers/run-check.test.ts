import t from 'tap'
import { hostSockets } from '../../../src/keepalived/checkers/host-sockets.js'
import { peerOf } from '../../../src/keepalived/checkers/peer.js'
import { echoRequest, isEchoReply } from '../../../src/keepalived/checkers/ping-socket.js'
import { runCheck } from '../../../src/keepalived/checkers/run-check.js'
import { probed } from './probed.js'
import { NEVER, tcpServer } from './servers.js'
import { TIMING } from './timing.js'

const TCP = { ...TIMING, kind: 'TCP_CHECK' } as const

t.test('connect_ip, connect_port, bindto, bind_port', async t => {
  const from: (string | undefined)[] = []
  const { port } = await tcpServer(t, socket => void from.push(`${socket.remoteAddress}:${socket.remotePort}`))
  const nowhere = { address: '192.0.2.1', port: 80 }
  const there = { ...TCP, connectIp: '127.0.0.1', connectPort: port }
  t.strictSame(await probed(there, nowhere), { isUp: true })
  t.strictSame(await probed({ ...there, bindTo: '127.0.0.7', bindPort: 20_123 }, nowhere), { isUp: true })
  for (let i = 0; i < 3000 && from.length < 2; i++) await new Promise(resolve => setTimeout(resolve, 20))
  t.match(from, [/^127\.0\.0\.1:/, '127.0.0.7:20123'])
  const elsewhere = await probed({ ...there, bindTo: '192.0.2.77' }, nowhere)
  t.match(elsewhere, { isUp: false, why: /address/ }, 'an address that the host has not')
})

t.test('bind_if and fwmark', { skip: process.getuid!() !== 0 && 'needs root' }, async t => {
  const peer = await tcpServer(t, socket => void socket.write('hello'))
  t.strictSame(await probed({ ...TCP, bindInterface: 'lo', fwmark: 7 }, peer), { isUp: true })
  t.strictSame(await probed({ ...TCP, bindInterface: 'none', fwmark: 7 }, peer), {
    isUp: false,
    why: 'bind_if none: there is no such interface (ENODEV)',
  })
  const udp = { ...TIMING, kind: 'UDP_CHECK', requireReply: false, minReplyLength: 0, maxReplyLength: 9 } as const
  const closed = { server: { address: '127.0.0.1', port: 1 }, sockets: hostSockets }
  t.match(await runCheck({ ...udp, bindInterface: 'lo', bindTo: '127.0.0.9' }, closed, NEVER), {
    why: 'connection refused',
  })
})

t.test('where a check goes', async t => {
  const server = { address: '10.1.2.1', port: 80 }
  t.strictSame(peerOf({ fwmark: 3 }, server), { address: '10.1.2.1', port: 80, fwmark: 3 })
  t.strictSame(peerOf({ fwmark: 0, connectIp: '10.1.2.5', connectPort: 99, bindInterface: 'e' }, server), {
    address: '10.1.2.5',
    port: 99,
    fwmark: 0,
    interface: 'e',
  })
})

t.test('echoes', async t => {
  t.equal(echoRequest(false, 7).subarray(0, 8).toString('hex'), '0800000000000007')
  t.equal(echoRequest(true, 7).subarray(0, 8).toString('hex'), '8000000000000007')
  t.ok(isEchoReply(Buffer.from('000052fbacfd0007', 'hex'), false, 7))
  t.notOk(isEchoReply(Buffer.from('000052fbacfd0007', 'hex'), false, 8))
  t.notOk(isEchoReply(Buffer.from('000052fbacfd0007', 'hex'), true, 7))
  t.ok(isEchoReply(Buffer.from('8100d1adacfe0007', 'hex'), true, 7))
  t.notOk(isEchoReply(Buffer.from('0000', 'hex'), false, 7))
})
