import t from 'tap'
import { Attributes } from '../../../src/linux/rtnetlink/attributes.js'
import { MessageReader, writeDumpRequest } from '../../../src/linux/rtnetlink/message.js'
import { formatIpv4, formatMac } from '../../../src/wire/addr.js'
import { viewOf } from './recorded.js'

/** 'LEN TYPE FLAGS SEQUENCE PORT' in hex, little-endian as on the wire, and the body. */
const DONE = '14000000 0300 0200 07000000 00000000 00000000'
const LINK = '12000000 1000 0000 08000000 00000000 aabb'

function datagram(text: string): DataView {
  return viewOf(text.replaceAll(' ', ''))
}

function read(text: string): { messages: number[][]; isMalformed: boolean } {
  const view = datagram(text)
  const reader = new MessageReader().wrap(view, view.byteLength)
  const messages: number[][] = []
  while (reader.next()) messages.push([reader.type, reader.flags, reader.sequence, reader.body, reader.end])
  return { messages, isMalformed: reader.isMalformed }
}

t.test('messages stand one after the other, at multiples of 4 octets', async t => {
  t.strictSame(read(''), { messages: [], isMalformed: false })
  t.strictSame(read(DONE), { messages: [[3, 2, 7, 16, 20]], isMalformed: false })
  const both = [
    [16, 0, 8, 16, 18],
    [3, 2, 7, 36, 40],
  ]
  t.strictSame(read(`${LINK}0000${DONE}`), { messages: both, isMalformed: false })
  t.strictSame(read(LINK), { messages: both.slice(0, 1), isMalformed: false }, 'the last one needs no padding')
})

t.test('what is no whole message is malformed, and ends the reading', async t => {
  t.strictSame(read(`${DONE} 00`), { messages: [[3, 2, 7, 16, 20]], isMalformed: true })
  t.strictSame(read(DONE.slice(0, -2)), { messages: [], isMalformed: true }, 'it says more than there is')
  t.strictSame(read(DONE.replace('14', '0f')), { messages: [], isMalformed: true }, 'less than a header')
  t.strictSame(read(DONE.replace('14', '00')), { messages: [], isMalformed: true }, 'nothing: no endless loop')
  t.strictSame(read(DONE.replace('14000000', 'ffffffff')), { messages: [], isMalformed: true })
  const short = new MessageReader().wrap(datagram(DONE), 19)
  t.notOk(short.next(), 'no more is read than was received')
  t.ok(short.isMalformed)
  const more = new MessageReader().wrap(datagram(DONE), 1 << 16)
  t.ok(more.next())
  t.notOk(more.next(), 'nor more than the memory has')
})

function errorOf(text: string): number {
  const view = datagram(text)
  const reader = new MessageReader().wrap(view, view.byteLength)
  reader.next()
  return reader.error
}

t.test('the error of an answer', async t => {
  t.equal(errorOf(DONE), 0)
  t.equal(errorOf('14000000 0200 0000 07000000 00000000 ffffffff'), -1)
  t.equal(errorOf('10000000 0300 0200 07000000 00000000'), 0, 'none is said')
})

t.test('a request for all there are', async t => {
  const view = new DataView(new ArrayBuffer(64))
  new Uint8Array(view.buffer).fill(0xa5)
  const octets = writeDumpRequest(view, 18, 5, 2, 6, [[29, 8]])
  t.equal(octets, 32)
  const expected = '20000000 1200 0103 05000000 00000000 0200000000000000 0800 1d00 08000000'
  t.equal(Buffer.from(view.buffer, 0, 33).toString('hex'), `${expected.replaceAll(' ', '')}a5`)
})

function attributesOf(text: string): Attributes {
  const view = datagram(text)
  return new Attributes().wrap(view, 0, view.byteLength)
}

t.test('attributes by their types', async t => {
  const all = attributesOf(
    '0800 0100 0a000001  0500 0200 ff 000000  0700 0300 657400 00  0a00 0400 020000000001 0000  0800 0580 06000780',
  )
  t.strictSame(all.types(), [1, 2, 3, 4, 5])
  t.equal(formatIpv4(all.addr(1)!), '10.0.0.1')
  t.equal(all.word(1), 0x0100000a)
  t.equal(all.octet(2), 255)
  t.equal(all.text(3), 'et')
  t.equal(formatMac(all.mac(4)!), '02:00:00:00:00:01')
  t.equal(all.has(5), true, 'the bit that says that attributes are within is no part of the type')
  t.equal(all.valueAt(2), 12)
  t.equal(all.valueLen(2), 1)
})

t.test('absent, or too short', async t => {
  const all = attributesOf('0700 0100 0a0000 00  0400 0200  0600 0300 6574 0000')
  for (const type of [1, 2, 9]) {
    t.equal(all.word(type), undefined, `${type}`)
    t.equal(all.addr(type), undefined)
    t.equal(all.mac(type), undefined)
  }
  t.equal(all.octet(2), undefined)
  t.equal(all.text(3), 'et', 'a text needs no end')
  t.equal(all.text(9), undefined)
  t.equal(all.valueLen(9), 0)
  t.strictSame(all.types(), [1, 2, 3])
})

t.test('attributes within', async t => {
  const outer = attributesOf('0c00 0880  0800 0200 78050000  0800 0100 01000000')
  const inner = outer.within(8, new Attributes())
  t.strictSame(inner.types(), [2])
  t.equal(inner.word(2), 1400)
  t.strictSame(outer.within(9, inner).types(), [], 'none where it is absent')
  t.strictSame(attributesOf('0c00 0880  ff00 0200 78050000').within(8, inner).types(), [], 'one that reaches out of it')
})

t.test('what is not whole ends the reading, and a strange type is left out', async t => {
  t.strictSame(attributesOf('0800 0100 00000000  0300 0200 00000000').types(), [1], 'less than a header')
  t.strictSame(attributesOf('0800 0100 00000000  0900 0200 00000000').types(), [1], 'more than there is')
  t.strictSame(attributesOf('0800 0100 00000000  0000 0200 00000000').types(), [1], 'nothing')
  t.strictSame(attributesOf('0800 0100 00000000  0800').types(), [1], 'half a header')
  t.strictSame(attributesOf('0800 8000 00000000  0800 ff3f 00000000  0800 0100 00000000').types(), [1])
  const view = datagram('0800 0100 00000000')
  const attributes = new Attributes().wrap(view, 0, 8)
  t.strictSame(attributes.wrap(view, 8, 8).types(), [], 'those of the message before are forgotten')
})
