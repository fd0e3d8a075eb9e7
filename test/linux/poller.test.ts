import t from 'tap'
import { check, close, eventfd, readWord } from '../../src/linux/libc.js'
import { interfaceInfo } from '../../src/linux/interface.js'
import { bindTo, packetSocket, takeError } from '../../src/linux/packet-socket.js'
import { Poller } from '../../src/linux/poller.js'
import { ip, ownNetwork, veth } from './own-network.js'

const skip = ownNetwork()

const NONBLOCK = 0o4000

function waited(poller: Poller, ms: number): number {
  const start = performance.now()
  poller.wait(ms)
  return performance.now() - start
}

t.test('it waits until its time is over', async t => {
  const fd = check(eventfd(0, NONBLOCK), 'eventfd')
  t.teardown(() => close(fd))
  const ms = waited(new Poller([fd]), 60)
  t.ok(ms >= 59 && ms < 10_000, `${ms} ms`)
})

t.test('or until any of its descriptors is readable', async t => {
  const fds = [0, 1, 0].map(value => check(eventfd(value, NONBLOCK), 'eventfd'))
  t.teardown(() => {
    for (const fd of fds) close(fd)
  })
  const poller = new Poller(fds)
  t.ok(waited(poller, 60_000) < 30_000, 'the second one is')
  t.equal(poller.wait(0), false, 'which is not the first')
  t.equal(new Poller([fds[1]!]).wait(0), true)
  readWord(fds[1]!)
  t.ok(waited(poller, 50) >= 49, 'and no longer')
  t.equal(new Poller([fds[1]!]).wait(0), false)
})

t.test('0 does not wait; neither do no descriptors for long', async t => {
  // One of them is not kept from the CPU meanwhile.
  t.ok(Math.min(...Array.from({ length: 20 }, () => waited(new Poller([]), 0))) < 40)
  t.ok(waited(new Poller([]), 30) >= 29)
})

t.test('a socket whose interface goes down ends one wait, not all', { skip }, async t => {
  veth('va', 'vb')
  const fd = packetSocket()
  t.teardown(() => close(fd))
  bindTo(fd, interfaceInfo('va').index, 0x0800, 'va')
  const poller = new Poller([fd])
  ip('link set va down')
  t.ok(waited(poller, 60_000) < 30_000, 'it is told')
  t.ok(waited(poller, 50) >= 49, 'once')
  t.equal(takeError(fd), 0)
  ip('link del va')
  poller.wait(0)
  t.ok(waited(poller, 50) >= 49, 'nor when it has gone for good')
})
