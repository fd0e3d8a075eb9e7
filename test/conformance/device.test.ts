import t from 'tap'
import { decode, partialHeader, tcp4, udp4, unhex, virtioHeader } from '../support/frames.js'
import { deviceSends } from './device.js'

const FLOW = '10.0.0.1:1 > 10.0.0.2:2'

t.test('a frame with an empty header is sent as it is', async t => {
  const frame = tcp4(FLOW, { checksum: 0xdead })
  t.strictSame(deviceSends('c', frame, virtioHeader()), { side: 'c', frame })
})

t.test('a checksum that was left to the device is put in', async t => {
  for (const build of [tcp4, udp4]) {
    for (const payload of [0, 1, 5, 1000]) {
      const partial = build(FLOW, { payload, partial: true })
      const sent = deviceSends('r', partial, partialHeader(partial))
      t.strictSame(sent, { side: 'r', frame: build(FLOW, { payload }) }, `${build.name}, ${payload} octets`)
    }
  }
  // Octets chosen so that the checksum comes to zero: it goes as ones.
  const whole = udp4(FLOW, { payload: unhex('ebd4') })
  t.equal(decode(whole)['udp.checksum'], 'ffff')
  const partial = udp4(FLOW, { payload: unhex('ebd4'), partial: true })
  t.strictSame(deviceSends('r', partial, partialHeader(partial)).frame, whole)
})

t.test('a header that no device should be given is a fault', async t => {
  const frame = tcp4(FLOW)
  const fault = (header: Uint8Array) => deviceSends('c', frame, header).fault
  t.equal(fault(new Uint8Array(10).fill(0xa5)), 'virtio-net header with flags 165 and GSO type 165')
  t.equal(fault(virtioHeader({ dataValid: true })), 'virtio-net header with flags 2 and GSO type 0')
  t.equal(fault(virtioHeader({ gsoType: 1 })), 'virtio-net header with flags 0 and GSO type 1')
  t.equal(fault(partialHeader(frame, { csumOffset: 19 })), 'virtio-net header with a checksum at octet 53')
})
