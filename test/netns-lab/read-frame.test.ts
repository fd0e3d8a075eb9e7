import t from 'tap'
import { readTcpFrame } from '../../netns-lab/read-frame.js'

const ETHERNET = '02000000000b 02000000000a 0800'
/** 10.0.0.1:40000 > 10.0.0.2:80, PSH ACK, TTL 63, 5 octets. */
const IP = '4500002d 00014000 3f060000 0a000001 0a000002'
const TCP = '9c400050 00000001 00000002 5018ffff 00000000 68656c6c6f'
/** 10.9.0.1 > 10.9.0.2, protocol 4, TTL 64. */
const OUTER = '45000041 00014000 40040000 0a090001 0a090002'

const octets = (...hex: string[]): Buffer => Buffer.from(hex.join('').replaceAll(' ', ''), 'hex')
const inner = {
  src: '10.0.0.1',
  dst: '10.0.0.2',
  sport: 40000,
  dport: 80,
  ttl: 63,
  syn: false,
  ack: true,
  payload: 5,
}
const macs = { dst: '02:00:00:00:00:0b', src: '02:00:00:00:00:0a' }

t.test('a TCP packet, bare, on Ethernet with padding, and in a tunnel', async t => {
  t.strictSame(readTcpFrame(octets(IP, TCP), false), inner)
  t.strictSame(readTcpFrame(octets(ETHERNET, IP, TCP, '0000'), true), { macs, ...inner })
  const outer = { src: '10.9.0.1', dst: '10.9.0.2', ttl: 64, protocol: 4 }
  t.strictSame(readTcpFrame(octets(ETHERNET, OUTER, IP, TCP), true), { macs, ...inner, outer })
})

t.test('anything else is nothing', async t => {
  t.equal(readTcpFrame(octets(ETHERNET.replace('0800', '0806'), IP, TCP), true), undefined)
  t.equal(readTcpFrame(octets(IP.replace('3f06', '3f11'), TCP), false), undefined)
  t.equal(readTcpFrame(octets(OUTER), false), undefined)
  const whole = octets(ETHERNET, OUTER, IP, TCP)
  for (let len = 0; len < 14 + 20 + 20 + 20; len++) t.equal(readTcpFrame(whole.subarray(0, len), true), undefined)
})
