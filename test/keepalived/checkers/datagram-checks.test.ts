import { createSocket } from 'node:dgram'
import t, { type Test } from 'tap'
import type { DnsCheck, UdpCheck } from '../../../src/keepalived/config/tree/checker.js'
import { checkDns, dnsQuery, judgeResponse } from '../../../src/keepalived/checkers/dns-check.js'
import { hostSockets } from '../../../src/keepalived/checkers/host-sockets.js'
import type { Peer } from '../../../src/keepalived/checkers/peer.js'
import { checkUdp, judgeReply } from '../../../src/keepalived/checkers/udp-check.js'
import { NEVER } from './servers.js'
import { SHORT, TIMING } from './timing.js'

const UDP: UdpCheck = { ...TIMING, kind: 'UDP_CHECK', requireReply: false, minReplyLength: 0, maxReplyLength: 255 }
const DNS: DnsCheck = { ...TIMING, kind: 'DNS_CHECK', type: 'SOA', name: '.' }
const CLOSED: Peer = { address: '127.0.0.1', port: 1, fwmark: 0 }

/** A UDP server that replies with what `reply` makes of a request. */
async function udpServer(t: Test, reply: (request: Buffer) => Buffer | undefined): Promise<Peer> {
  const socket = createSocket('udp4')
  socket.on('message', (request, from) => {
    const found = reply(request)
    if (found) socket.send(found, from.port, from.address)
  })
  await new Promise<void>(bound => socket.bind(0, '127.0.0.1', bound))
  t.teardown(() => void socket.close())
  return { address: '127.0.0.1', port: socket.address().port, fwmark: 0 }
}

t.test('UDP_CHECK', async t => {
  let heard = ''
  const silent = await udpServer(t, request => void (heard = request.toString()))
  const echo = await udpServer(t, request => request)
  const began = performance.now()
  t.strictSame(await checkUdp({ ...UDP, ...SHORT }, silent, hostSockets, NEVER), { isUp: true }, 'silence is a success')
  t.ok(performance.now() - began > 1990, 'when the time is over')
  t.equal(heard, 'keepalived check - keepalived ch')
  t.strictSame(await checkUdp(UDP, CLOSED, hostSockets, NEVER), { isUp: false, why: 'connection refused' })
  const required = { ...UDP, requireReply: true }
  t.strictSame(await checkUdp(required, echo, hostSockets, NEVER), { isUp: true })
  t.match(await checkUdp({ ...required, ...SHORT }, silent, hostSockets, NEVER), {
    isUp: false,
    why: 'no reply within 2000 ms',
  })
  const given = { ...required, payload: Buffer.from('ab120f', 'hex'), reply: 'AB1X' }
  t.strictSame(await checkUdp(given, echo, hostSockets, NEVER), { isUp: true })
})

t.test('UDP_CHECK: replies by length and digits, over the shorter of both', async t => {
  const checker = { ...UDP, requireReply: true, reply: '01X2', minReplyLength: 2, maxReplyLength: 3 }
  const judged = (hex: string): boolean => judgeReply(checker, Buffer.from(hex, 'hex')).isUp
  t.ok(judged('0192'))
  t.ok(judged('019244'))
  t.notOk(judged('0193'))
  t.notOk(judged('01920000'), 'too long')
  t.notOk(judged('01'), 'too short')
  t.ok(judgeReply({ ...checker, minReplyLength: 0 }, Buffer.from('01', 'hex')).isUp)
})

t.test('DNS_CHECK: queries as recorded', async t => {
  const recorded: [type: string, name: string, hex: string][] = [
    ['SOA', '.', '4e5d010000010000000000000000060001'],
    ['A', 'www.example.com', '4e5d0100000100000000000003777777076578616d706c6503636f6d0000010001'],
    ['AAAA', 'www.example.com.', '4e5d0100000100000000000003777777076578616d706c6503636f6d00001c0001'],
    ['MX', 'example.com', '4e5d01000001000000000000076578616d706c6503636f6d00000f0001'],
    ['TXT', 'example.com', '4e5d01000001000000000000076578616d706c6503636f6d0000100001'],
  ]
  for (const [type, name, hex] of recorded) t.equal(dnsQuery(0x4e5d, type, name).toString('hex'), hex, type)
})

const judgedDns = (hex: string): unknown => judgeResponse(0x4e5d, Buffer.from(hex, 'hex'))

t.test('DNS_CHECK: responses', async t => {
  t.strictSame(judgedDns('4e5d81000001000000000000'), { isUp: true }, 'no answer is an answer')
  t.strictSame(judgedDns('4e5d81030001000000000000'), { isUp: false, why: 'rcode = 3' })
  t.equal(judgedDns('000081000001000000000000'), undefined, 'another id')
  t.equal(judgedDns('4e5d01000001000000000000'), undefined, 'a query')
  t.equal(judgedDns('4e5d8100'), undefined, 'cut off')
})

t.test('DNS_CHECK over a socket', async t => {
  const right = await udpServer(t, request => {
    const reply = Buffer.from(request)
    reply[2]! |= 0x80
    return reply
  })
  const wrong = await udpServer(t, request => Buffer.concat([Buffer.of(0, 0, 0x81), request.subarray(3)]))
  t.strictSame(await checkDns(DNS, right, hostSockets, NEVER), { isUp: true })
  t.match(await checkDns({ ...DNS, ...SHORT }, wrong, hostSockets, NEVER), {
    isUp: false,
    why: 'no response within 2000 ms',
  })
  t.match(await checkDns(DNS, CLOSED, hostSockets, NEVER), { isUp: false, why: 'connection refused' })
  t.match(await checkDns(DNS, wrong, hostSockets, AbortSignal.abort()), { isUp: false, why: 'given up' })
})
