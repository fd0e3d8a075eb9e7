import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readText, Unreadable } from '../../src/cli/read-text.js'
import { tempDir } from '../support/temp.js'

t.test('a file as it stands', async t => {
  const file = join(tempDir(t), 'text')
  const text = `é\ufeff\r\n${'ü'.repeat(100_000)}`
  writeFileSync(file, text)
  t.equal(readText(file), text)
  t.equal(readText('/dev/null'), '')
})

t.test('what cannot be read is one line, in words', async t => {
  const dir = tempDir(t)
  t.throws(() => readText(`${dir}/absent`), new Unreadable(`cannot read ${dir}/absent: no such file or directory`))
  t.throws(() => readText(dir), new Unreadable(`cannot read ${dir}: illegal operation on a directory`))
  t.throws(() => readText(''), new Unreadable("cannot read '': no such file or directory"))
  for (const mark of ['fffe', 'feff']) {
    writeFileSync(`${dir}/wide`, Buffer.from(`${mark}2d004100`, 'hex'))
    t.throws(() => readText(`${dir}/wide`), new Unreadable(`cannot read ${dir}/wide: it is UTF-16: save it as UTF-8`))
  }
  t.throws(() => readText('/dev/zero', 2 ** 20), new Unreadable('/dev/zero is larger than 1 MiB'))
})
