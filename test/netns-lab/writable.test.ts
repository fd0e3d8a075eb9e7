import { existsSync, lstatSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { mustBeFolder, mustBeWritable } from '../../netns-lab/writable.js'

t.test('what can be written stays as it was', async t => {
  const dir = t.testdir({ old: 'figures' })
  for (const path of [join(dir, 'old'), join(dir, 'new'), '/dev/null']) t.doesNotThrow(() => mustBeWritable(path), path)
  t.equal(readFileSync(join(dir, 'old'), 'utf8'), 'figures')
  t.notOk(existsSync(join(dir, 'new')))
  symlinkSync(join(dir, 'target'), join(dir, 'link'))
  mustBeWritable(join(dir, 'link'))
  t.ok(lstatSync(join(dir, 'link')).isSymbolicLink())
  t.notOk(existsSync(join(dir, 'target')))
})

t.test('what cannot is named, in a line', async t => {
  const dir = t.testdir({ file: '' })
  const cases: [string, string][] = [
    ['/nonexistent/x', 'no such file or directory'],
    [dir, 'it is a directory'],
    [join(dir, 'file', 'x'), 'not a directory'],
  ]
  for (const [path, why] of cases)
    t.throws(() => mustBeWritable(path), { message: `--json '${path}' cannot be written: ${why}` })
})

t.test('a folder is made where there is none, but not those above it', async t => {
  const dir = t.testdir({ file: '', old: {} })
  for (const name of ['old', 'new']) mustBeFolder(join(dir, name), '--svg')
  t.ok(lstatSync(join(dir, 'new')).isDirectory())
  const cases: [string, string][] = [
    [join(dir, 'a', 'b'), 'no such file or directory'],
    [join(dir, 'file'), 'it is no folder'],
    ['/proc/x', 'no such file or directory'],
  ]
  for (const [path, why] of cases)
    t.throws(() => mustBeFolder(path, '--svg'), { message: `--svg '${path}' cannot be written to: ${why}` })
})
