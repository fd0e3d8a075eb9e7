import t from 'tap'
import { Packet } from '../../src/packet/packet.js'
import { formatIpv4 } from '../../src/wire/addr.js'
import { concat, placed, tcp4, virtioHeader } from '../support/frames.js'

const HEADER = virtioHeader({ needsCsum: true, csumStart: 34, csumOffset: 16 })

t.test('it points at a frame: the virtio-net header before it, Ethernet, and IPv4 when asked', async t => {
  const packet = new Packet()
  const { slab, at, len } = placed(tcp4('203.0.113.7:40000 > 10.0.0.1:80'), HEADER)
  t.equal(packet.wrap(3, slab, at, len), packet)
  t.strictSame([packet.link, packet.at, packet.len], [3, at, len])
  t.equal(packet.slab, slab)
  t.equal(packet.vnet.csumStart, 34)
  t.equal(packet.eth.type, 0x0800)
  packet.wrapIp()
  t.equal(packet.ipAt, at + 14)
  t.equal(formatIpv4(packet.ip.srcAddr), '203.0.113.7')
})

t.test('it is pointed from frame to frame, within a slab and from one to another', async t => {
  const packet = new Packet()
  const first = tcp4('203.0.113.7:40000 > 10.0.0.1:80')
  const second = tcp4('198.51.100.9:1 > 10.0.0.2:80', { payload: 9 })
  const { slab, at } = placed(concat(first, HEADER, second))
  packet.wrap(0, slab, at, first.length).wrapIp()
  t.equal(formatIpv4(packet.ip.dstAddr), '10.0.0.1')
  packet.wrap(1, slab, at + first.length + 10, second.length).wrapIp()
  t.equal(formatIpv4(packet.ip.dstAddr), '10.0.0.2')
  t.equal(packet.vnet.isPartial, true)
  const other = placed(first)
  packet.wrap(2, other.slab, other.at, other.len).wrapIp()
  t.equal(formatIpv4(packet.ip.srcAddr), '203.0.113.7')
  t.equal(packet.vnet.isPartial, false)
})
