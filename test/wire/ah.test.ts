import t from 'tap'
import { AH_LEN, AhView } from '../../src/wire/ah.js'
import { hex, unhex } from '../support/octets.js'

/* The header of keepalived's first advert with AH: recording auth-ah. */
const RECORDED = '70040000 c0000201 00000001 112233445566778899aabbcc'

const viewOf = (text: string): AhView => new AhView().wrap(new DataView(unhex(text).buffer), 0)

t.test('a header is read', async t => {
  const ah = viewOf(RECORDED)
  t.ok(ah.isValid(AH_LEN))
  t.equal(ah.nextHeader, 112)
  t.equal(ah.spi, 0xc0000201)
  t.equal(ah.sequence, 1)
})

t.test('one that is cut off, or has a check value of another length, is not valid', async t => {
  t.notOk(viewOf(RECORDED).isValid(AH_LEN - 1))
  t.notOk(viewOf(RECORDED.replace('7004', '7005')).isValid(AH_LEN))
  t.notOk(viewOf(RECORDED.replace('7004', '7003')).isValid(AH_LEN))
})

t.test('built: with a check value of zeros, and nothing beside it is written', async t => {
  const bytes = new Uint8Array(30).fill(0xa5)
  new AhView().wrap(new DataView(bytes.buffer, 3), 0).build(112, 0xc0000201, 0xfffffffe)
  t.equal(hex(bytes), `a5a5a5 70040000 c0000201 fffffffe ${'00'.repeat(12)} a5a5a5`.replaceAll(' ', ''))
})
