import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { interfaceInfo } from '../../src/linux/interface.js'
import { PacketRing } from '../../src/io/packet-ring.js'
import { ownNetwork, veth } from '../linux/own-network.js'

const skip = ownNetwork()

const open = (): number => readdirSync('/proc/self/fd').length

/** Packet sockets that this namespace's kernel has, below a line of titles (net/packet/af_packet.c). */
const sockets = (): number => readFileSync('/proc/thread-self/net/packet', 'utf8').trim().split('\n').length - 1

/* Frames in the ring: test/io/raw-device.test.ts, which has somebody who sends them. */

t.test('a ring on an interface that has gone leaves no socket behind', { skip }, async t => {
  const before = open()
  t.throws(() => new PacketRing('gone', { index: 99_999, mac: { hi: 0x0200, lo: 1 }, mtu: 1500, isUp: true }), {
    message: 'binding to gone: there is no such interface (ENODEV)',
  })
  t.equal(open(), before)
  t.equal(sockets(), 0)
})

t.test('an empty ring answers at once, released or not', { skip }, async t => {
  veth('va', 'vb')
  const ring = new PacketRing('va', interfaceInfo('va'))
  for (let i = 0; i < 3; i++) {
    t.equal(ring.receive({ frame: () => t.fail('a frame') }, 256), 0)
    ring.release()
  }
  t.equal(ring.unusable, 0)
  t.equal(sockets(), 1)
  t.doesNotThrow(() => ring.close())
  t.equal(sockets(), 0, 'its mapping would have kept it')
  t.throws(() => ring.close(), { message: 'close: bad file descriptor (EBADF)' })
})
