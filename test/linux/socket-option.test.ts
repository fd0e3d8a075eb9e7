import t from 'tap'
import { close, socket } from '../../src/linux/libc.js'
import {
  getSocketOption,
  setSocketOption,
  SocketOption,
  trySocketOption,
  wordOf,
} from '../../src/linux/socket-option.js'

const AF_INET = 2
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000

t.test('options of any socket are told, asked, and refused', async t => {
  const fd: number = socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0)
  t.teardown(() => close(fd))
  t.equal(getSocketOption(fd, SocketOption.REUSEADDR, 4)?.readInt32LE(), 0)
  setSocketOption(fd, SocketOption.REUSEADDR, wordOf(1), 'SO_REUSEADDR')
  t.equal(getSocketOption(fd, SocketOption.REUSEADDR, 4)?.readInt32LE(), 1)
  t.ok(trySocketOption(fd, SocketOption.RCVBUF, wordOf(8192)))
  t.equal(getSocketOption(fd, SocketOption.RCVBUF, 4)?.readInt32LE(), 16_384, 'the kernel doubles it')
  t.equal(getSocketOption(fd, SocketOption.ERROR, 4)?.readInt32LE(), 0)
  t.notOk(trySocketOption(fd, SocketOption.REUSEADDR, new Uint8Array(1)), 'too short')
  t.throws(() => setSocketOption(fd, SocketOption.REUSEADDR, new Uint8Array(1), 'this one'), { message: /this one/ })
  t.equal(getSocketOption(-1, SocketOption.ERROR, 4), undefined)
})

t.test('a word, signed or not', async t => {
  t.strictSame([...wordOf(-1)], [255, 255, 255, 255])
  t.strictSame([...wordOf(0x80000001)], [1, 0, 0, 128])
})
