import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import t from 'tap'
import { Arrivals, bitsOf, MOST_FRAMES } from '../../../../bench/wire/load/arrivals.js'
import { bind, check, close, socket } from '../../../../src/linux/libc.js'
import { socketAddress } from '../../../../bench/wire/load/udp-messages.js'

t.test('bits are counted', async t => {
  for (const word of [0, 1, 0x80000000, 0xffffffff, 0x12345678, 0xf0f0f0f0]) {
    const slow = [...word.toString(2)].filter(digit => digit === '1').length
    t.equal(bitsOf(word), slow)
    t.equal(bitsOf(word | 0), slow, 'signed too')
  }
})

const skip = process.getuid?.() === 0 ? false : 'this process is not root'
t.test('each frame of the run counts once, and nothing else', { skip }, async t => {
  const fd = check(socket(2, 2, 0), 'socket')
  t.teardown(() => close(fd))
  const arrivals = new Arrivals(fd)
  // Below those that the kernel gives to others.
  const port = 20_000 + (process.pid % 10_000)
  check(bind(fd, socketAddress('127.0.0.1', port), 16), 'bind')
  const sender = createSocket('udp4')
  t.teardown(() => sender.close())
  sender.connect(port, '127.0.0.1')
  await once(sender, 'connect')
  const send = (...words: number[]): Promise<unknown> =>
    new Promise(done => sender.send(new Uint8Array(Uint32Array.from(words).buffer), done))

  arrivals.begin(7)
  t.equal(arrivals.count(), 0)
  const numbers = [0, 1, 31, 32, 63, 64, 65, 1000, MOST_FRAMES - 1]
  for (const number of numbers) await send(7, number, 0, 0)
  t.equal(arrivals.count(), numbers.length)
  for (const number of [0, 64, MOST_FRAMES - 1]) await send(7, number)
  t.equal(arrivals.count(), numbers.length, 'those that come again')
  await send(6, 2)
  await send(7, MOST_FRAMES)
  await send(7, 0xffffffff)
  await send(7)
  t.equal(arrivals.count(), numbers.length, 'of another run, with a number too large, too short')
  arrivals.begin(8)
  await send(7, 5)
  await send(8, 5)
  t.equal(arrivals.count(), 1, 'the next run')
})
