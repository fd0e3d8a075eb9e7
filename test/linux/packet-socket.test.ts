import t from 'tap'
import { close } from '../../src/linux/libc.js'
import { bindTo, packetSocket, setBuffers, setOption, takeDrops } from '../../src/linux/packet-socket.js'
import { ownNetwork } from './own-network.js'

const skip = ownNetwork()

t.test('packet sockets', { skip }, async t => {
  const fd = packetSocket()
  t.teardown(() => close(fd))
  t.doesNotThrow(() => setBuffers(fd, 2 ** 20))
  t.equal(takeDrops(fd), 0)
  t.equal(takeDrops(-1), 0, 'no socket, no drops')
  t.throws(() => setOption(fd, 9999, 1), { message: 'packet socket option 9999: protocol not available (ENOPROTOOPT)' })
  t.throws(() => bindTo(fd, 99_999, 0x0800, 'x9'), { message: 'binding to x9: there is no such interface (ENODEV)' })
  t.throws(() => setBuffers(-1, 1), { message: 'SO_SNDBUFFORCE: bad file descriptor (EBADF)' })
})
