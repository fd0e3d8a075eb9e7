import { writeFileSync } from 'node:fs'
import t from 'tap'
import { close, socketpair } from '../../src/linux/libc.js'
import { peerUid, userName } from '../../src/linux/socket-peer.js'
import { tempDir } from '../support/temp.js'

const AF_UNIX = 1
const SOCK_STREAM = 1

t.test('the user at the other end, by name, or by number if it has none', async t => {
  const fds = Buffer.alloc(8)
  t.equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0)
  t.teardown(() => [0, 4].forEach(at => close(fds.readInt32LE(at))))
  const uid = process.getuid!()
  const passwd = `${tempDir(t)}/passwd`
  writeFileSync(passwd, `other:x:${uid + 1}:0::/:/bin/sh\nme:x:${uid}:0::/:/bin/sh\n`)
  t.equal(peerUid(fds.readInt32LE(0)), uid)
  t.equal(userName(uid, passwd), 'me')
  writeFileSync(passwd, `other:x:${uid + 1}:${uid}::/:/bin/sh\n`)
  t.equal(userName(uid, passwd), `uid ${uid}`)
  t.equal(userName(uid, `${passwd}.none`), `uid ${uid}`)
})

t.test('no such socket has none', async t => {
  t.equal(peerUid(-1), undefined)
})
