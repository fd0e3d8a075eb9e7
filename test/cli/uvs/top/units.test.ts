import t from 'tap'
import { bits, count } from '../../../../src/cli/uvs/top/units.js'

t.test('numbers of few characters', async t => {
  t.strictSame([0, 950, 9999, 10_000, 123_456, 4_560_000, 7e12].map(count), ['0', '950', '9999', '10.0k', '123k', '4560k', '7000G']) // prettier-ignore
  t.strictSame([0, 1, 124, 125, 1e6, 2e9].map(bits), ['0 bit/s', '8 bit/s', '992 bit/s', '1.00 kbit/s', '8.00 Mbit/s', '16.0 Gbit/s']) // prettier-ignore
})
