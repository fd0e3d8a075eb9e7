import t from 'tap'
import {
  formatIpv4,
  formatMac,
  isLimitedBroadcast,
  isLoopback,
  isMulticast,
  isZeronet,
  maskOf,
  parseCidr,
  parseIpv4,
  parseMac,
  type Ipv4Addr,
} from '../../src/wire/addr.js'

t.test('addresses are signed 32-bit numbers, and become the same text again', async t => {
  const cases: [string, number][] = [
    ['0.0.0.0', 0],
    ['0.0.0.1', 1],
    ['1.2.3.4', 0x01020304],
    ['10.0.0.1', 0x0a000001],
    ['127.255.255.255', 0x7fffffff],
    ['128.0.0.0', -0x80000000],
    ['192.168.1.100', 0xc0a80164 | 0],
    ['255.255.255.255', -1],
  ]
  for (const [text, number] of cases) {
    t.equal(parseIpv4(text), number, text)
    t.equal(formatIpv4(number as Ipv4Addr), text, `${number}`)
    t.equal(formatIpv4((number >>> 0) as Ipv4Addr), text, `${number}, unsigned`)
  }
})

t.test('what is not four decimal parts of 0 to 255 is no address', async t => {
  const bad = ['', '1', '1.2.3', '1.2.3.4.5', '1.2.3.', '.1.2.3', '1..2.3', '1.2.3.256', '1.2.3.999', '1.2.3.-4']
  bad.push('1.2.3.a', '0x1.2.3.4', '1.2.3.0x4', '1.2.3.04', '010.0.0.1', ' 1.2.3.4', '1.2.3.4 ', '1.2.3.4\n')
  bad.push('1,2,3,4', '1.2.3.4/24', '1.2.3.4:80', '::1', '::ffff:1.2.3.4', '16909060', '1.2.3.0004', '1e1.2.3.4')
  for (const text of bad) t.equal(parseIpv4(text), undefined, JSON.stringify(text))
})

t.test('the mask of every prefix length has that many leading ones', async t => {
  for (let prefix = 0; prefix <= 32; prefix++) {
    const bits = (maskOf(prefix) >>> 0).toString(2).padStart(32, '0')
    t.equal(bits, '1'.repeat(prefix) + '0'.repeat(32 - prefix), `/${prefix}`)
    t.equal(maskOf(prefix), maskOf(prefix) | 0, `/${prefix} is a signed number`)
  }
})

t.test('a block keeps its host part, and is a /32 without a length', async t => {
  t.strictSame(parseCidr('10.1.2.3/24'), { addr: 0x0a010203, mask: 0xffffff00 | 0, prefix: 24 })
  t.strictSame(parseCidr('10.1.2.3'), { addr: 0x0a010203, mask: -1, prefix: 32 })
  t.strictSame(parseCidr('0.0.0.0/0'), { addr: 0, mask: 0, prefix: 0 })
  t.strictSame(parseCidr('255.255.255.255/32'), { addr: -1, mask: -1, prefix: 32 })
  t.strictSame(parseCidr('1.2.3.4/1'), { addr: 0x01020304, mask: -0x80000000, prefix: 1 })
})

t.test('what is no address, no length of 0 to 32, or more than that is no block', async t => {
  const bad = ['', '/', '/24', '10.0.0.1/', '10.0.0.1/33', '10.0.0.1/99', '10.0.0.1/100', '10.0.0.1/-1', '10.0.0.1/a']
  bad.push('10.0.0.1/24/24', '10.0.0/24', '10.0.0.1/2.4', '10.0.0.1/ 24', '10.0.0.1/0x8', '10.0.0.1/255.255.255.0')
  for (const text of bad) t.equal(parseCidr(text), undefined, JSON.stringify(text))
})

t.test('the special blocks are told by their edges', async t => {
  const edges: [string, (addr: Ipv4Addr) => boolean, string[], string[]][] = [
    ['this network', isZeronet, ['0.0.0.0', '0.255.255.255'], ['1.0.0.0', '255.255.255.255', '128.0.0.0']],
    ['loopback', isLoopback, ['127.0.0.0', '127.255.255.255'], ['126.255.255.255', '128.0.0.0', '255.0.0.1']],
    ['multicast', isMulticast, ['224.0.0.0', '239.255.255.255'], ['223.255.255.255', '240.0.0.0', '14.0.0.1']],
    ['limited broadcast', isLimitedBroadcast, ['255.255.255.255'], ['255.255.255.254', '0.0.0.0', '127.255.255.255']],
  ]
  for (const [name, is, members, others] of edges) {
    for (const text of members) t.equal(is(parseIpv4(text)!), true, `${text} is ${name}`)
    for (const text of others) t.equal(is(parseIpv4(text)!), false, `${text} is not ${name}`)
  }
})

t.test('a MAC is two unsigned numbers, and becomes the same text again, in lower case', async t => {
  const cases: [string, number, number][] = [
    ['00:00:00:00:00:00', 0, 0],
    ['02:00:00:00:01:fe', 0x0200, 0x000001fe],
    ['01:02:03:04:05:06', 0x0102, 0x03040506],
    ['ff:ff:ff:ff:ff:ff', 0xffff, 0xffffffff],
    ['00:01:80:00:00:00', 1, 0x80000000],
  ]
  for (const [text, hi, lo] of cases) {
    t.strictSame(parseMac(text), { hi, lo }, text)
    t.equal(formatMac({ hi, lo }), text, text)
  }
  t.equal(formatMac(parseMac('0A:Bc:DE:f0:12:34')!), '0a:bc:de:f0:12:34', 'capitals are taken')
})

t.test('what is not six pairs of hex digits is no MAC', async t => {
  const bad = ['', '02:00:00:00:01', '02:00:00:00:01:fe:00', '2:0:0:0:1:fe', '02-00-00-00-01-fe', '020000000 1fe']
  bad.push('02:00:00:00:01:fg', '02:00:00:00:01:fe\n', ' 02:00:00:00:01:fe', '02:00:00:00:01:', '0200.0000.01fe')
  for (const text of bad) t.equal(parseMac(text), undefined, JSON.stringify(text))
})
