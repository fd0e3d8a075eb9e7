import t from 'tap'
import { HEADROOM, slabOver, VNET_LEN } from '../../src/packet/frame.js'

t.test('a slab is two views of the same memory', async t => {
  const buffer = new ArrayBuffer(64)
  const slab = slabOver(buffer)
  slab.view.setUint16(10, 0x1234)
  t.strictSame([slab.bytes[10], slab.bytes[11]], [0x12, 0x34])
  t.equal(slab.bytes.length, 64)
  t.equal(slab.view.byteLength, 64)
  t.equal(slab.bytes.buffer, buffer)
})

t.test('it lies at no native address unless told', async t => {
  t.equal(slabOver(new ArrayBuffer(8)).address, 0)
  t.equal(slabOver(new SharedArrayBuffer(8), 0x7f00_0000_1000).address, 0x7f00_0000_1000)
})

t.test('the headroom holds an ICMP error’s headers, and the virtio-net header has 10 octets', async t => {
  t.ok(HEADROOM >= 20 + 8)
  t.equal(VNET_LEN, 10)
})
