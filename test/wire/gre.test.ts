import t from 'tap'
import { GreFlag, GreView } from '../../src/wire/gre.js'
import { sum16 } from '../../src/wire/checksum.js'

const octets = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(' ', ''), 'hex')
/** In the middle of other octets. */
function placed(hex: string): { view: DataView; bytes: Uint8Array } {
  const bytes = Buffer.alloc(40, 0xa5)
  bytes.set(octets(hex), 3)
  return { view: new DataView(bytes.buffer, bytes.byteOffset + 3), bytes }
}
const viewOf = (hex: string): GreView => new GreView().wrap(placed(hex).view, 0)

t.test('a header is as long as its flags say', async t => {
  for (const [hex, len, hasChecksum] of [
    ['0000 0800', 4, false],
    ['8000 0800 f7ff0000', 8, true],
    ['2000 0800 00000007', 8, false],
    ['1000 0800 00000001', 8, false],
    ['b000 0800 00000000 00000007 00000001', 16, true],
  ] as const) {
    const gre = viewOf(hex)
    t.ok(gre.isValid(len), hex)
    t.equal(gre.headerLen, len, hex)
    t.equal(gre.hasChecksum, hasChecksum, hex)
    t.notOk(gre.isValid(len - 1), `${hex}, cut off`)
  }
})

t.test('version 1, routing and other bits, and what is no IPv4 are not valid', async t => {
  for (const hex of ['0001 0800', '4000 0800', '0800 0800', '0000 86dd', '0000 0801']) {
    t.notOk(viewOf(hex).isValid(37), hex)
  }
})

t.test('a checksum is right, wrong, or not there', async t => {
  t.ok(viewOf('8000 0800 64ff 0000 1300').checksumOk(10))
  t.notOk(viewOf('8000 0800 64fe 0000 1300').checksumOk(10))
  t.ok(viewOf('0000 0800 1300').checksumOk(6))
})

t.test('built: nothing but the header is written', async t => {
  const plain = placed('a5')
  new GreView().wrap(plain.view, 0).build(false)
  t.strictSame(plain.bytes, placed('0000 0800').bytes)

  const summed = placed('a5a5 a5a5 a5a5 a5a5 1300')
  const gre = new GreView().wrap(summed.view, 0)
  gre.build(true)
  t.strictSame(summed.bytes, placed('8000 0800 0000 0000 1300').bytes)
  t.equal(gre.flags, GreFlag.CHECKSUM)
  gre.setChecksum(sum16(summed.view, 0, 10))
  t.strictSame(summed.bytes, placed('8000 0800 64ff 0000 1300').bytes)
})
