import { chmodSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { close } from '../../src/linux/libc.js'
import { openTun } from '../../src/linux/open-tun.js'
import { tempDir } from '../support/temp.js'

t.test('a device file that is not there, or is none: a line with the reason', async t => {
  const dir = tempDir(t)
  t.throws(() => openTun(join(dir, 'tun')), { message: `opening ${dir}/tun: it does not exist (ENOENT)` })
  writeFileSync(join(dir, 'file'), '')
  close(openTun(join(dir, 'file')))
})

t.test('one whose file mode keeps the user out', async t => {
  const path = join(tempDir(t), 'tun')
  writeFileSync(path, '')
  chmodSync(path, 0)
  const isRoot = process.getuid?.() === 0
  const lacksSetpriv = isRoot && spawnSync('setpriv', ['--version']).status !== 0
  if (lacksSetpriv) return t.comment('there is no setpriv (util-linux)')
  const { href } = new URL('../../src/linux/open-tun.js', import.meta.url)
  const program = `import(${JSON.stringify(href)}).then(m => m.openTun(${JSON.stringify(path)})).catch(e => console.log(e.message))`
  // Root may open any file: it gives that up.
  const drop = isRoot ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : ['env']
  const { stdout } = spawnSync(drop[0]!, [...drop.slice(1), process.execPath, '-e', program], { encoding: 'utf8' })
  t.equal(stdout, `opening ${path}: its file mode keeps this user out (EACCES)\n`)
})
