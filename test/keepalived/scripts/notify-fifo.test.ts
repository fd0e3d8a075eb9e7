import { chownSync, constants, existsSync, openSync, readFileSync, readSync, statSync, symlinkSync, writeFileSync, closeSync, unlinkSync } from 'node:fs' // prettier-ignore
import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { NotifyFifo } from '../../../src/keepalived/scripts/notify-fifo.js'
import { NotifyFifos } from '../../../src/keepalived/scripts/notify-fifos.js'
import { userIds } from '../../../src/keepalived/scripts/user-ids.js'
import { tempDir } from '../../support/temp.js'

async function sooner(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 600 && !isSo(); i++) await sleep(50)
  if (!isSo()) throw new Error(`not so after 30 s: ${isSo}`)
}
/** What a FIFO holds now. */
function drained(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const buffer = Buffer.alloc(1 << 17)
  try {
    return buffer.toString('utf8', 0, readSync(fd, buffer))
  } finally {
    closeSync(fd)
  }
}

t.test('a FIFO that is made: mode 0600, lines wait for a reader, it goes at the end', async t => {
  const path = `${tempDir(t)}/fifo`
  const told: string[] = []
  const fifo = new NotifyFifo(path, undefined, line => void told.push(line))
  const stat = statSync(path)
  t.ok(stat.isFIFO())
  t.equal(stat.mode & 0o7777, 0o600)
  fifo.write('INSTANCE "VI_1" BACKUP 150')
  fifo.write('INSTANCE "VI_1" MASTER 150')
  t.equal(drained(path), 'INSTANCE "VI_1" BACKUP 150\nINSTANCE "VI_1" MASTER 150\n')
  fifo.close()
  fifo.remove()
  t.notOk(existsSync(path))
  t.strictSame(told, [])
})

t.test('nobody reads: lines are dropped and counted, said once, and whole', async t => {
  const path = `${tempDir(t)}/fifo`
  const told: string[] = []
  const fifo = new NotifyFifo(path, undefined, line => void told.push(line))
  t.teardown(() => fifo.close())
  const line = 'x'.repeat(99)
  for (let i = 0; i < 1000; i++) fifo.write(line)
  t.ok(fifo.dropped > 300)
  t.strictSame(told, [`notify FIFO ${path}: lines are dropped: it is full: its reader is gone or too slow`])
  const { dropped } = fifo
  const kept = drained(path)
  t.ok(kept.split('\n').every(one => one === line || one === ''))
  fifo.write('last')
  t.strictSame(told.slice(1), [`notify FIFO ${path}: ${dropped} lines were dropped`])
  t.equal(fifo.dropped, 0)
  t.equal(drained(path), 'last\n')
})

t.test('what is there already', async t => {
  const dir = tempDir(t)
  execFileSync('mkfifo', ['-m', '644', `${dir}/fifo`])
  const fifo = new NotifyFifo(`${dir}/fifo`, undefined, () => {})
  t.equal(statSync(`${dir}/fifo`).mode & 0o7777, 0o644, 'a FIFO stays as it is')
  fifo.close()
  fifo.remove()
  t.ok(existsSync(`${dir}/fifo`), 'and is left')
  writeFileSync(`${dir}/file`, 'precious')
  symlinkSync(`${dir}/fifo`, `${dir}/link`)
  const open = (name: string) => () => new NotifyFifo(`${dir}/${name}`, undefined, () => {})
  t.throws(open('file'), /file is there, and no FIFO/)
  t.equal(readFileSync(`${dir}/file`, 'utf8'), 'precious')
  t.throws(open('link'), /link is there, and no FIFO/)
  t.throws(open('none/fifo'), /its directory does not exist/)
  const replaced = new NotifyFifo(`${dir}/new`, undefined, () => {})
  unlinkSync(`${dir}/new`)
  writeFileSync(`${dir}/new`, 'another')
  replaced.close()
  replaced.remove()
  t.ok(existsSync(`${dir}/new`), 'what has taken its place is left')
})

const skip = process.getuid?.() === 0 ? false : 'not root'
t.test('the owner', { skip }, async t => {
  const dir = tempDir(t)
  const owner = userIds('nobody', 'daemon')!
  const fifo = new NotifyFifo(`${dir}/fifo`, owner, () => {})
  t.match(statSync(`${dir}/fifo`), owner)
  fifo.close()
  const told: string[] = []
  const fifos = new NotifyFifos(line => void told.push(line))
  await fifos.follow({ scriptUser: 'nobody', notifyFifo: { path: `${dir}/all` }, lvsNotifyFifo: { path: `${dir}/lvs`, user: 'nobody-at-all' } }) // prettier-ignore
  t.equal(statSync(`${dir}/all`).uid, owner.uid, 'script_user, where nobody says it')
  t.notOk(existsSync(`${dir}/lvs`))
  t.strictSame(told, [`Invalid user/group for lvs fifo ${dir}/lvs - ignoring`])
  await fifos.close()
  chownSync(dir, 0, 0)
})

t.test('who hears of what; a path is one FIFO', async t => {
  const dir = tempDir(t)
  const told: string[] = []
  const fifos = new NotifyFifos(line => void told.push(line))
  const paths = { notifyFifo: { path: `${dir}/all` }, vrrpNotifyFifo: { path: `${dir}/vrrp` }, lvsNotifyFifo: { path: `${dir}/lvs` } } // prettier-ignore
  await fifos.follow(paths)
  fifos.vrrp('INSTANCE "VI_1" MASTER 150')
  fifos.lvs('VS [10.1.1.1]:tcp:80 UP')
  t.equal(drained(`${dir}/all`), 'INSTANCE "VI_1" MASTER 150\nVS [10.1.1.1]:tcp:80 UP\n')
  t.equal(drained(`${dir}/vrrp`), 'INSTANCE "VI_1" MASTER 150\n')
  t.equal(drained(`${dir}/lvs`), 'VS [10.1.1.1]:tcp:80 UP\n')
  await fifos.follow({ ...paths, vrrpNotifyFifo: { path: `${dir}/all` } })
  t.notOk(existsSync(`${dir}/vrrp`), 'one that a reload takes away goes')
  t.strictSame(told, [`notify FIFO ${dir}/all has been specified for global and vrrp FIFO - ignoring vrrp FIFO`])
  fifos.vrrp('once')
  t.equal(drained(`${dir}/all`), 'once\n')
  await fifos.close()
  t.notOk(existsSync(`${dir}/all`))
  fifos.vrrp('to nobody')
})

const script = (text: string) => ({ words: ['/bin/sh', '-c', text, 'sh', 'own word'], text })

t.test('the script of a FIFO: started with its name, kept by a reload, ended at the end', async t => {
  const dir = tempDir(t)
  const told: string[] = []
  const fifos = new NotifyFifos(line => void told.push(line))
  const reads = `trap '' TERM; echo "$@" >> ${dir}/args; while read -r l; do echo "$l" >> ${dir}/lines; done < "$2"; echo over >> ${dir}/lines`
  const wanted = { vrrpNotifyFifo: { path: `${dir}/fifo` }, vrrpNotifyFifoScript: script(reads) }
  const said = (): string => (existsSync(`${dir}/lines`) ? readFileSync(`${dir}/lines`, 'utf8') : '')
  await fifos.follow(wanted)
  fifos.vrrp('one')
  await sooner(() => said() === 'one\n')
  await fifos.follow(wanted)
  fifos.vrrp('two')
  await sooner(() => said() === 'one\ntwo\n')
  t.equal(readFileSync(`${dir}/args`, 'utf8'), `own word ${dir}/fifo\n`, 'once')
  fifos.vrrp('STOP')
  await fifos.close()
  t.equal(said(), 'one\ntwo\nSTOP\nover\n', 'it reads the last line too')
  t.strictSame(told, [])

  const deaf = script(`trap '' TERM; echo $$ > ${dir}/pid; while :; do sleep 1; done`)
  await fifos.follow({ ...wanted, vrrpNotifyFifoScript: deaf })
  await sooner(() => existsSync(`${dir}/pid`) && readFileSync(`${dir}/pid`, 'utf8') !== '')
  await fifos.close()
  t.throws(
    () => process.kill(Number(readFileSync(`${dir}/pid`, 'utf8')), 0),
    /ESRCH/,
    'one that will not end is killed',
  )

  await fifos.follow({ ...wanted, vrrpNotifyFifoScript: script('exit 3') })
  await sooner(() => told.length > 0)
  t.strictSame(told, ['vrrp notify fifo script terminated'])
  await fifos.close()
})
