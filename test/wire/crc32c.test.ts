import t from 'tap'
import { crc32c } from '../../src/wire/crc32c.js'
import { seededRandom } from '../../src/director/random.js'
import { slowCrc32c } from '../support/sctp.js'

const viewOf = (octets: Uint8Array): DataView => new DataView(octets.buffer, octets.byteOffset, octets.length)
const crcOf = (octets: Uint8Array): number => crc32c(viewOf(octets), 0, octets.length)

t.test('the vectors of RFC 3720 §B.4, and the check of "123456789"', async t => {
  const rising = Uint8Array.from({ length: 32 }, (_, index) => index)
  for (const [octets, crc, what] of [
    [new TextEncoder().encode('123456789'), 0xe3069283, '123456789'],
    [new Uint8Array(32), 0x8a9136aa, '32 zeros'],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43, '32 ones'],
    [rising, 0x46dd794e, '32 rising'],
    [rising.toReversed(), 0x113fdb5c, '32 falling'],
    [new Uint8Array(0), 0, 'nothing'],
  ] as const) {
    t.equal(crcOf(octets), crc, what)
    t.equal(slowCrc32c(octets), crc, `${what}, slowly`)
  }
})

t.test('at every length and place it is what the slow one says, and nothing else is read', async t => {
  const random = seededRandom(8)
  const octets = Uint8Array.from({ length: 300 }, random)
  const wrong: string[] = []
  for (let at = 0; at < 8; at++)
    for (let len = 0; len <= 130; len++) {
      const slow = slowCrc32c(octets.slice(at, at + len))
      if (crc32c(viewOf(octets), at, len) !== slow) wrong.push(`${len} octets at ${at}`)
    }
  t.strictSame(wrong, [])
})
