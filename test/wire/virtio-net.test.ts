import t from 'tap'
import { VirtioNetView } from '../../src/wire/virtio-net.js'
import { partialHeader, placed, tcp4, udp4, virtioHeader, type VirtioOptions } from '../support/frames.js'

const FRAME = tcp4('203.0.113.7:40000 > 10.0.0.1:80')

function viewOf(options: VirtioOptions) {
  const { slab, at } = placed(FRAME, virtioHeader(options))
  return { slab, view: new VirtioNetView().wrap(slab.view, at - 10) }
}

t.test('a partial checksum is trusted, a validated one too, any other not', async t => {
  const cases: [VirtioOptions, boolean, boolean][] = [
    [{}, false, false],
    [{ needsCsum: true }, true, true],
    [{ dataValid: true }, false, true],
    [{ needsCsum: true, dataValid: true }, true, true],
    [{ gsoType: 0xff, hdrLen: 0xffff, gsoSize: 0xffff, csumStart: 0xffff, csumOffset: 0xffff }, false, false],
  ]
  for (const [options, partial, trusted] of cases) {
    const { view } = viewOf(options)
    t.equal(view.isPartial, partial, `partial: ${JSON.stringify(options)}`)
    t.equal(view.isTrusted, trusted, `trusted: ${JSON.stringify(options)}`)
  }
  const { slab, view } = viewOf({})
  slab.bytes[64] = 0xfc
  t.equal(view.isPartial, false, 'flags we do not know say nothing of it')
  t.equal(view.isTrusted, false, 'flags we do not know make no trust')
})

t.test('the numbers are little-endian', async t => {
  const { view } = viewOf({
    needsCsum: true,
    gsoType: 1,
    hdrLen: 0x1122,
    gsoSize: 1460,
    csumStart: 0x0304,
    csumOffset: 0x0506,
  })
  t.equal(view.csumStart, 0x0304)
  t.equal(view.csumOffset, 0x0506)
  t.equal(view.gsoSize, 1460)
})

t.test('a partial frame’s checksum starts at its transport header', async t => {
  for (const [frame, start, offset] of [
    [tcp4('1.2.3.4:5 > 6.7.8.9:10', { partial: true }), 34, 16],
    [udp4('1.2.3.4:5 > 6.7.8.9:10', { partial: true, ipOptions: new Uint8Array(4) }), 38, 6],
  ] as const) {
    const { slab, at } = placed(frame, partialHeader(frame))
    const view = new VirtioNetView().wrap(slab.view, at - 10)
    t.equal(view.csumStart, start, `starts at ${start}`)
    t.equal(view.csumOffset, offset, `its field ${offset} on`)
  }
})

t.test('a frame that stands for itself has no segment size, whatever stands in the field', async t => {
  t.equal(viewOf({ gsoType: 0, gsoSize: 1460 }).view.gsoSize, 0)
  for (const gsoType of [1, 3, 4, 5, 0x81]) t.equal(viewOf({ gsoType, gsoSize: 1400 }).view.gsoSize, 1400, `${gsoType}`)
})

t.test('made ready to send, it says where the payload begins and claims no validity', async t => {
  for (const needsCsum of [false, true]) {
    for (const dataValid of [false, true]) {
      const kept = { needsCsum, gsoType: 1, gsoSize: 1460, csumStart: 34, csumOffset: 16 }
      const { slab, view } = viewOf({ ...kept, dataValid, hdrLen: 1514 })
      view.prepareToSend(0x0136)
      const expected = placed(FRAME, virtioHeader({ ...kept, hdrLen: 0x0136 }))
      t.strictSame(slab.bytes, expected.slab.bytes, `needs checksum: ${needsCsum}, valid: ${dataValid}`)
    }
  }
})

t.test('cleared, all ten octets are 0 and nothing beside them is touched', async t => {
  const { slab, at } = placed(FRAME, new Uint8Array(10).fill(0xa5))
  new VirtioNetView().wrap(slab.view, at - 10).clear()
  t.strictSame(slab.bytes, placed(FRAME).slab.bytes)
})

t.test('a header is written anew, whatever stood there', async t => {
  const { slab, at } = placed(FRAME, new Uint8Array(10).fill(0xa5))
  const view = new VirtioNetView().wrap(slab.view, at - 10)
  view.leaveChecksum(20, 16)
  t.strictSame(slab.bytes.slice(at - 10, at), virtioHeader({ needsCsum: true, csumStart: 20, csumOffset: 16 }))
  view.setGso(0x81, 1448, 52)
  const options = { needsCsum: true, gsoType: 0x81, hdrLen: 52, gsoSize: 1448, csumStart: 20, csumOffset: 16 }
  t.strictSame(slab.bytes.slice(at - 10, at), virtioHeader(options))
  t.equal(view.gsoType, 0x81)
})
