import t from 'tap'
import { GueView } from '../../src/wire/gue.js'

/** In the middle of other octets. */
function placed(hex: string): { view: DataView; bytes: Uint8Array } {
  const bytes = Buffer.alloc(40, 0xa5)
  bytes.set(Buffer.from(hex.replaceAll(' ', ''), 'hex'), 3)
  return { view: new DataView(bytes.buffer, bytes.byteOffset + 3), bytes }
}
const viewOf = (hex: string): GueView => new GueView().wrap(placed(hex).view, 0)

t.test('headers that are known', async t => {
  for (const [hex, len, leavesChecksum] of [
    ['00 04 0000', 4, false],
    ['02 04 0000 1234567812345678', 12, false],
    ['01 04 0001 00000000', 8, false],
    ['02 04 0001 80000000 0014 0024', 12, true],
  ] as const) {
    const gue = viewOf(hex)
    t.ok(gue.isValid(len), hex)
    t.equal(gue.headerLen, len, hex)
    t.equal(gue.leavesChecksum, leavesChecksum, hex)
    t.notOk(gue.isValid(len - 1), `${hex}, cut off`)
  }
  const { checksumStart, checksumAt } = viewOf('02 04 0001 80000000 0014 0024')
  t.strictSame({ checksumStart, checksumAt }, { checksumStart: 0x14, checksumAt: 0x24 })
})

t.test('version 1 is an IP header, and no header of its own', async t => {
  const gue = viewOf('45 00 0054')
  t.ok(gue.isValid(20))
  t.equal(gue.headerLen, 0)
  t.notOk(gue.leavesChecksum)
  t.notOk(gue.isData)
  t.notOk(viewOf('60 00 0000').isValid(37), 'IPv6')
})

t.test('headers that are not', async t => {
  for (const hex of [
    '80 04 0000', // version 2
    'c0 04 0000', // version 3
    '20 04 0000', // a control message
    '00 29 0000', // IPv6 inside
    '00 04 0002', // a flag that is unknown
    '00 04 0001', // private flags that are not there
    '01 04 0001 40000000', // a private flag that is unknown
    '01 04 0001 80000000', // remote checksum offload without its fields
    '02 04 0001 80000000 0014 0012', // a checksum before what it covers
    '02 04 0001 80000000 0000 0000', // a checksum nowhere
  ])
    t.notOk(viewOf(hex).isValid(37), hex)
})

t.test('data: version 0, no control message, IPv4', async t => {
  for (const [hex, isData] of [
    ['00 04', true],
    ['1f 04', true],
    ['20 04', false],
    ['40 04', false],
    ['00 29', false],
  ] as const)
    t.equal(viewOf(hex).isData, isData, hex)
  t.equal(viewOf('1f 04').headerLen, 4 + 31 * 4)
})

t.test('built: four octets are written', async t => {
  const { view, bytes } = placed('a5')
  new GueView().wrap(view, 0).build()
  t.strictSame(bytes, placed('00 04 0000').bytes)
})
