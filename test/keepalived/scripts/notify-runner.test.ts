import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { NotifyRunner } from '../../../src/keepalived/scripts/notify-runner.js'
import { userIds } from '../../../src/keepalived/scripts/user-ids.js'
import { tempDir } from '../../support/temp.js'

t.test('notification scripts', async t => {
  const dir = tempDir(t)
  const told: string[] = []
  const runner = new NotifyRunner(line => void told.push(line))
  await runner.run({ words: ['/bin/sh', '-c', `echo "$1" > ${dir}/said; exit 7`, 'sh', 'one two'], text: 'n' })
  t.equal(readFileSync(`${dir}/said`, 'utf8'), 'one two\n')
  t.strictSame(told, [], 'its status is its own affair')
  await runner.run({ words: [`${dir}/none`], text: 'none' })
  await runner.run({ words: ['/bin/sh'], text: 'n', user: 'nobody-at-all' })
  await runner.run({ words: ['/bin/sh', '-c', 'kill -9 $$'], text: 'n' })
  t.strictSame(told, [
    "script 'none' was not run: no such file or directory",
    "script 'n': there is no user nobody-at-all",
    "script 'n' died of signal 9",
  ])
  const hangs = runner.run({ words: ['/bin/sh', '-c', 'sleep 60'], text: 'n' })
  const ends = runner.run({ words: ['/bin/sh', '-c', `sleep 0.2; echo late > ${dir}/late`], text: 'n' })
  await runner.close(5000)
  t.equal(readFileSync(`${dir}/late`, 'utf8'), 'late\n', 'one that soon ends may')
  await Promise.all([hangs, ends])
  t.equal(told.length, 3, 'the end ends the other without a word')
})

t.test('users and groups, by name and number', async t => {
  const dir = tempDir(t)
  writeFileSync(`${dir}/passwd`, 'root:x:0:0::/root:/bin/sh\nwww:x:33:44::/:/bin/false\n')
  writeFileSync(`${dir}/group`, 'root:x:0:\nadm:x:4:\n')
  t.strictSame(userIds('www', undefined, dir), { uid: 33, gid: 44 })
  t.strictSame(userIds('33', undefined, dir), { uid: 33, gid: 44 })
  t.strictSame(userIds('www', 'adm', dir), { uid: 33, gid: 4 })
  t.strictSame(userIds('1234', '99', dir), { uid: 1234, gid: 99 })
  t.equal(userIds('none', undefined, dir), undefined)
  t.equal(userIds('www', 'none', dir), undefined)
  t.equal(userIds('www', undefined, `${dir}/none`), undefined)
})
