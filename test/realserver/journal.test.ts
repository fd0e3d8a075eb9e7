import t from 'tap'
import { Journal, type Change } from '../../src/realserver/journal.js'
import { FakeHost } from './fake-host.js'

t.test('what cannot be undone is said in words, whatever the system calls it, and the rest is undone', async t => {
  const name = 'net/ipv4/conf/all/arp_ignore'
  const path = `/proc/sys/${name}`
  class ReadOnly extends FakeHost {
    override setSysctl(): void {
      throw Object.assign(new Error(`EROFS: read-only file system, open '${path}'`), {
        errno: -30,
        code: 'EROFS',
        path,
      })
    }
  }
  const host = new ReadOnly()
  const changes: Change[] = [
    { what: 'up', device: 'eth0' },
    { what: 'sysctl', name, before: '0' },
  ]
  const journal = new Journal(host, changes, () => {})
  t.strictSame(
    journal.undo(() => true),
    [`${path}: read-only file system`],
  )
  t.strictSame(changes, [])
  t.strictSame(host.done, ['ip link set dev eth0 down'])
})
