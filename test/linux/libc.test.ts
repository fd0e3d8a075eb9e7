import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import {
  check,
  close,
  EAGAIN,
  errno,
  eventfd,
  ioctlNumber,
  mapMemory,
  open,
  read,
  readWord,
  SystemError,
  threadCpuMs,
  write,
} from '../../src/linux/libc.js'

t.test('a failed call is one line: what was tried, why in words where we have them, the errno’s name', async t => {
  const lines: [errno: number, line: string][] = [
    [1, 'x: root or CAP_NET_RAW and CAP_NET_ADMIN are needed (EPERM)'],
    [13, 'x: root or CAP_NET_RAW and CAP_NET_ADMIN are needed (EACCES)'],
    [19, 'x: there is no such interface (ENODEV)'],
    [16, 'x: another process holds it (EBUSY)'],
    [100, 'x: the interface is down (ENETDOWN)'],
    [2, 'x: it does not exist (ENOENT)'],
    [22, 'x: invalid argument (EINVAL)'],
    [9999, 'x: errno 9999'],
  ]
  for (const [number, line] of lines) {
    const error = new SystemError('x', number)
    t.equal(error.message, line)
    t.equal(error.name, 'SystemError')
    t.match(line, error.code)
  }
})

t.test('check passes a result on and throws for −1, with the call’s errno', async t => {
  t.equal(check(0, 'x'), 0)
  t.equal(check(7, 'x'), 7)
  t.throws(() => check(open('/no/such/file', 0), 'opening it'), {
    message: 'opening it: it does not exist (ENOENT)',
    code: 'ENOENT',
  })
  t.throws(() => check(ioctlNumber(-1, 0, 0), 'ioctl'), { code: 'EBADF' })
})

t.test('memory of our own: zero, writable, and where the kernel finds it', async t => {
  const slab = mapMemory(10_000)
  t.equal(slab.bytes.length, 10_000)
  t.ok(slab.bytes.every(octet => octet === 0))
  slab.view.setUint16(4094, 0xabcd)
  t.strictSame([slab.bytes[4094], slab.bytes[4095]], [0xab, 0xcd])
  const fd = check(open('/proc/self/comm', 0), 'open')
  const octets: number = read(fd, slab.address + 100, 9000)
  close(fd)
  t.equal(
    Buffer.from(slab.bytes.slice(100, 100 + octets))
      .toString()
      .endsWith('\n'),
    true,
  )
  t.throws(() => mapMemory(2 ** 62), { message: /^mmap of \d+ octets: not enough memory \(ENOMEM\)$/ })
})

t.test('readWord empties an eventfd and does not block when it is empty', async t => {
  const fd = check(eventfd(3, 0o4000 | 0o2000000), 'eventfd')
  t.teardown(() => close(fd))
  const slab = mapMemory(16)
  readWord(fd)
  t.strictSame([read(fd, slab.address, 8), errno()], [-1, EAGAIN], 'at once: the assertion makes system calls too')
  readWord(fd)
  slab.view.setUint32(0, 1, true)
  t.equal(write(fd, slab.address, 8), 8)
  t.equal(read(fd, slab.address + 8, 8), 8)
  t.equal(slab.view.getUint32(8, true), 1)
})

t.test("a thread's time goes on while it works, and not while it waits", async t => {
  const before = threadCpuMs()
  await sleep(100)
  const waited = threadCpuMs() - before
  t.ok(waited < 90, `${waited} ms`)
  const until = threadCpuMs() + 20
  for (const end = performance.now() + 10_000; threadCpuMs() < until && performance.now() < end;);
  t.ok(threadCpuMs() >= until)
})
