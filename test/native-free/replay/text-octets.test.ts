import t from 'tap'
import { AddressTexts } from '../../../native-free/replay/address-texts.js'
import { octetsOf, TextOctets } from '../../../native-free/replay/text-octets.js'
import * as fc from '../../support/properties.js'

t.test('numbers, with leading zeros where asked for', async t => {
  const text = new TextOctets()
  for (const [value, digits, shown] of [
    [0, 1, '0'],
    [9, 1, '9'],
    [10, 1, '10'],
    [123, 9, '000000123'],
    [999_999_999, 9, '999999999'],
    [2 ** 53 - 1, 1, '9007199254740991'],
  ] as const)
    t.equal(text.clear().number(value, digits).toString(), shown)
  fc.assert(fc.property(fc.maxSafeNat(), value => text.clear().number(value).toString() === String(value)))
})

t.test('parts one behind the other, short and long', async t => {
  const long = 'x'.repeat(100)
  const text = new TextOctets().put(octetsOf('a')).put(octetsOf(long)).number(7).put(octetsOf('é'))
  t.equal(text.toString(), `a${long}7é`)
})

t.test('an address is its text, remembered or not', async t => {
  const texts = new AddressTexts()
  const text = (addr: number): string => Buffer.from(texts.address(addr)).toString()
  const wrong: string[] = []
  for (let i = 0; i < 20_000; i++) {
    const addr = Math.imul(i % 7000, 0x01000193)
    const octets = [24, 16, 8, 0].map(shift => (addr >>> shift) & 255).join('.')
    if (text(addr) !== octets) wrong.push(octets)
  }
  t.strictSame(wrong, [])
  t.equal(Buffer.from(texts.word('a"b')).toString(), 'a\\"b')
})
