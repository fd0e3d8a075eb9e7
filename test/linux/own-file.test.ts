import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import t from 'tap'
import { appendOwnFile, ownDirectory, readOwnFile, writeOwnFile } from '../../src/linux/own-file.js'
import { tempDir } from '../support/temp.js'

const NOBODY = 65534
const isRoot = process.getuid?.() === 0
const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8)

/** Runs `work` with that umask. */
function under<T>(umask: number, work: () => T): T {
  const before = process.umask(umask)
  try {
    return work()
  } finally {
    process.umask(before)
  }
}

t.test('modes do not depend on the umask', async t => {
  for (const umask of [0, 0o022, 0o077, 0o177, 0o377]) {
    const directory = `${tempDir(t)}/made`
    const path = `${directory}/file`
    under(umask, () => {
      ownDirectory(directory)
      writeOwnFile(path, 'text')
    })
    t.strictSame([modeOf(directory), modeOf(path)], ['755', '600'], umask.toString(8))
    t.equal(readOwnFile(path), 'text')
    under(umask, () => ownDirectory(directory, 0o700))
    t.equal(modeOf(directory), '755', 'one that is there stays as it is')
  }
})

t.test('more is added to what was left, and to nothing else', async t => {
  const directory = tempDir(t)
  const path = `${directory}/file`
  t.equal(appendOwnFile(path, 'x', 0), false, 'it is not there')
  writeOwnFile(path, 'öne')
  t.equal(appendOwnFile(path, ' twö', 4), true)
  t.equal(readOwnFile(path), 'öne twö')
  t.equal(appendOwnFile(path, 'x', 4), false, 'it is longer by now')
  const octets = statSync(path).size
  chmodSync(path, 0o620)
  t.equal(appendOwnFile(path, 'x', octets), false, 'others may write it')
  chmodSync(path, 0o600)
  linkSync(path, `${directory}/other`)
  t.equal(appendOwnFile(path, 'x', octets), false, 'it has another name')
  rmSync(path)
  symlinkSync('other', path)
  t.equal(appendOwnFile(path, 'x', octets), false, 'it is a link')
  rmSync(path)
  mkdirSync(path)
  t.equal(appendOwnFile(path, 'x', octets), false, 'it is a directory')
  t.equal(readFileSync(`${directory}/other`, 'utf8'), 'öne twö')
})

t.test('a file is replaced whole; what a killed writer has left is in nobody’s way', async t => {
  const directory = tempDir(t)
  const path = `${directory}/file`
  t.equal(readOwnFile(path), undefined)
  t.equal(readOwnFile(`${directory}/nowhere/file`), undefined)
  symlinkSync(`${directory}/elsewhere`, `${path}.new`)
  writeOwnFile(path, 'one')
  writeFileSync(`${path}.new`, 'left')
  writeOwnFile(path, 'other')
  t.equal(readOwnFile(path), 'other')
  t.throws(() => statSync(`${directory}/elsewhere`), { code: 'ENOENT' }, 'no link is followed')
})

t.test('a directory that others may write is refused, for reading and for writing', async t => {
  const directory = `${tempDir(t)}/made`
  ownDirectory(directory)
  writeOwnFile(`${directory}/file`, 'text')
  for (const mode of [0o777, 0o1777, 0o775, 0o757]) {
    chmodSync(directory, mode)
    const message = `${directory} can be written by others (mode ${mode.toString(8).padStart(4, '0')}), who may replace what is in it: look at what is in it, then chmod go-w ${directory}`
    t.throws(() => ownDirectory(directory), { message })
    t.throws(() => readOwnFile(`${directory}/file`), { message })
    t.throws(() => writeOwnFile(`${directory}/file`, 'more'), { message })
    t.equal(modeOf(directory), mode.toString(8), 'nor is it mended in silence')
  }
})

t.test('so is a link, a file in its place, and a directory where others may replace it', async t => {
  const above = tempDir(t)
  mkdirSync(`${above}/real`)
  symlinkSync('real', `${above}/link`)
  writeFileSync(`${above}/file`, '')
  t.throws(() => ownDirectory(`${above}/link`), { message: `${above}/link is a symbolic link` })
  t.throws(() => readOwnFile(`${above}/link/x`), { message: `${above}/link is a symbolic link` })
  t.throws(() => ownDirectory(`${above}/file`), { message: `${above}/file is no directory` })
  chmodSync(above, 0o777)
  const message = `${above} can be written by others (mode 0777): they may replace ${above}/real`
  t.throws(() => ownDirectory(`${above}/real`), { message })
  chmodSync(above, 0o1777)
  ownDirectory(`${above}/real`)
})

t.test('what is no regular file of one’s own is not read, nor waited for', async t => {
  const directory = tempDir(t)
  const path = `${directory}/file`
  const cases: [() => void, string][] = [
    [() => symlinkSync('/etc/passwd', path), 'is a symbolic link'],
    [() => mkdirSync(path), 'is no regular file'],
    [() => execFileSync('mkfifo', [path]), 'is no regular file'],
    [() => writeFileSync(path, '', { mode: 0o600 }), ''],
    [
      () => (writeFileSync(path, ''), chmodSync(path, 0o620)),
      'can be written by others (mode 0620): nothing is done by it',
    ],
    [
      () => (writeFileSync(path, ''), chmodSync(path, 0o602)),
      'can be written by others (mode 0602): nothing is done by it',
    ],
    [
      () => (writeFileSync(path, ''), linkSync(path, `${path}2`)),
      'has another name too (a hard link): nothing is done by it',
    ],
    [
      () => (writeFileSync(path, ''), truncateSync(path, 2 ** 24 + 1)),
      'is larger than 16777216 octets: nothing is done by it',
    ],
  ]
  for (const [make, why] of cases) {
    make()
    if (why === '') t.equal(readOwnFile(path), '')
    else t.throws(() => readOwnFile(path), { message: `${path} ${why}` }, why)
    rmSync(path, { recursive: true })
    rmSync(`${path}2`, { force: true })
  }
})

t.test('nor what belongs to somebody else', { skip: !isRoot && 'needs root' }, async t => {
  const above = tempDir(t)
  const directory = `${above}/made`
  const path = `${directory}/file`
  under(0, () => (ownDirectory(directory), writeOwnFile(path, 'ours')))
  chmodSync(above, 0o755)
  for (const attack of [
    'echo forged > file',
    'rm -f file',
    'mv file old',
    'ln -s /etc/passwd file.new',
    'mv ../made ../other',
    'cat file',
  ]) {
    const { status } = spawnSync('sh', ['-c', attack], { cwd: directory, uid: NOBODY, gid: NOBODY })
    t.not(status, 0, attack)
  }
  t.equal(readOwnFile(path), 'ours')
  chownSync(path, NOBODY, NOBODY)
  t.throws(() => readOwnFile(path), { message: `${path} belongs to user ${NOBODY}: nothing is done by it` })
  renameSync(path, `${path}2`)
  chownSync(directory, NOBODY, NOBODY)
  const message = `${directory} belongs to user ${NOBODY}, who may replace what is in it`
  t.throws(() => ownDirectory(directory), { message })
  t.throws(() => writeOwnFile(path, ''), { message })
  t.equal(readFileSync(`${path}2`, 'utf8'), 'ours')
})
