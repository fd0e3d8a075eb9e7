import t from 'tap'
import { compareIp, familyOf, formatIp, isSameIp, parseIp, readIp, writeIp } from '../../src/wire/ip-addr.js'
import { hex, unhex } from '../support/octets.js'

t.test('either family is parsed and printed', async t => {
  for (const text of ['0.0.0.0', '192.0.2.1', '255.255.255.255', '::', '2001:db8::1', 'fe80::a']) {
    const addr = parseIp(text)!
    t.equal(formatIp(addr), text)
    t.equal(familyOf(addr), text.includes(':') ? 6 : 4, text)
    t.ok(isSameIp(addr, parseIp(text)!), text)
  }
  t.equal(parseIp('192.0.2'), undefined)
  t.equal(parseIp('fe80::a%eth0'), undefined)
})

t.test('they compare as their octets do', async t => {
  const ascending = [
    '10.0.0.1',
    '127.255.255.255',
    '128.0.0.0',
    '192.0.2.1',
    '192.0.2.2',
    '::',
    '::1',
    'fe80::a',
    'fe80::b',
  ]
  for (const [at, text] of ascending.entries()) {
    for (const [other, than] of ascending.entries()) {
      const compared = Math.sign(compareIp(parseIp(text)!, parseIp(than)!))
      t.equal(compared, Math.sign(at - other), `${text} and ${than}`)
    }
  }
})

t.test('they are read from a packet and written to it, and nothing beside them', async t => {
  for (const [family, octets] of [
    [4, 'c0000201'],
    [6, '20010db8000000000000000000000001'],
  ] as const) {
    const text = `a5a5${octets}a5a5`
    const addr = readIp(new DataView(unhex(text).buffer), 2, family)
    t.equal(formatIp(addr), family === 4 ? '192.0.2.1' : '2001:db8::1')
    const bytes = new Uint8Array(text.length / 2).fill(0xa5)
    writeIp(new DataView(bytes.buffer), 2, addr)
    t.equal(hex(bytes), text)
  }
})
