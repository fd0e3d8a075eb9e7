import t from 'tap'
import { NotifySocket } from '../../src/linux/notify-socket.js'
import { tempDir } from '../support/temp.js'
import { NotifyListener } from './notify-listener.js'

t.test('a datagram a call, to a path and to an abstract name', async t => {
  for (const name of [`${tempDir(t)}/notify`, `@uvs-test-${process.pid}`]) {
    const listener = new NotifyListener(t, name)
    const notify = new NotifySocket(name)
    notify.send(['READY=1', 'STATUS=ready on eth0 – all of it'])
    notify.send(['WATCHDOG=1'])
    t.equal(listener.next(), 'READY=1\nSTATUS=ready on eth0 – all of it', name)
    t.equal(listener.next(), 'WATCHDOG=1')
    t.equal(listener.next(), undefined)
    notify.close()
    t.throws(() => notify.send(['WATCHDOG=1']), /EBADF/)
  }
})

t.test('the longest path is taken; what is no name is refused in one line', async t => {
  const directory = `${tempDir(t)}/`
  const longest = directory + 'x'.repeat(107 - directory.length)
  const listener = new NotifyListener(t, longest)
  const notify = new NotifySocket(longest)
  t.teardown(() => notify.close())
  notify.send(['READY=1'])
  t.equal(listener.next(), 'READY=1')
  for (const name of [`${longest}x`, `@${'x'.repeat(108)}`, 'run/notify', 'vsock:2:1234', '@', '/', ''])
    t.throws(() => new NotifySocket(name), /^NOTIFY_SOCKET: '.*' is neither a path nor @ and a name, of at most 107 /)
})

t.test('nobody there, and a manager that does not read', async t => {
  const name = `${tempDir(t)}/notify`
  const notify = new NotifySocket(name)
  t.teardown(() => notify.close())
  t.throws(() => notify.send(['READY=1']), { message: 'NOTIFY_SOCKET: it does not exist (ENOENT)' })
  const listener = new NotifyListener(t, name)
  const began = performance.now()
  t.throws(() => {
    for (let i = 0; i < 10_000; i++) notify.send([`STATUS=${i}`])
  }, /^NOTIFY_SOCKET: .*EAGAIN/)
  t.ok(performance.now() - began >= 900, 'it is given a second')
  t.equal(listener.next(), 'STATUS=0')
})
