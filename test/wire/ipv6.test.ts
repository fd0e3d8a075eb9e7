import t from 'tap'
import { IPV6_LEN, Ipv6View, pseudoHeaderSum6 } from '../../src/wire/ipv6.js'
import { parseIpv6 } from '../../src/wire/ipv6-addr.js'
import { hex, sum, unhex } from '../support/octets.js'

/* The header of an advert: recording v3-ipv6, whose flow label the kernel made up. */
const SRC = 'fe80000000000000000000000000000a'
const DST = 'ff020000000000000000000000000012'
const HEADER = `6c0c28e6 0028 70 ff ${SRC} ${DST}`
const [src, dst] = [parseIpv6('fe80::a')!, parseIpv6('ff02::12')!]

const viewOf = (text: string): Ipv6View => new Ipv6View().wrap(new DataView(unhex(text).buffer), 0)

t.test('a header is read', async t => {
  const ip = viewOf(HEADER)
  t.equal(ip.trafficClass, 0xc0)
  t.equal(ip.payloadLen, 40)
  t.equal(ip.nextHeader, 112)
  t.equal(ip.hopLimit, 255)
  t.strictSame(ip.srcAddr, src)
  t.strictSame(ip.dstAddr, dst)
})

t.test('header and payload must be there, and the version be 6', async t => {
  t.ok(viewOf(HEADER).isValid(80))
  t.ok(viewOf(HEADER).isValid(100), 'padding behind it')
  t.notOk(viewOf(HEADER).isValid(79))
  t.notOk(viewOf(HEADER).isValid(IPV6_LEN - 1))
  t.notOk(viewOf(HEADER.replace('6c', '4c')).isValid(80))
})

t.test('built: nothing beside the header is written', async t => {
  const bytes = new Uint8Array(46).fill(0xa5)
  const header = new Ipv6View().wrap(new DataView(bytes.buffer, 3), 0).build(112, 40, 0xc0)
  header.withHopLimit(255).finish(src, dst)
  t.equal(hex(bytes), `a5a5a5 6c000000 0028 70 ff ${SRC} ${DST} a5a5a5`.replaceAll(' ', ''))
})

t.test('the pseudo header is addresses, length and protocol', async t => {
  t.equal(pseudoHeaderSum6(src, dst, 112, 0x1234), sum(unhex(`${SRC} ${DST} 00001234 00000070`)))
})
