import { renameSync, rmSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { TrackFiles } from '../../../src/keepalived/health/track-files.js'
import { tempDir } from '../../support/temp.js'

t.test('a number is told of when its file is written, replaced or deleted', async t => {
  const path = `${tempDir(t)}/number`
  writeFileSync(path, '5')
  const told: [string, number][] = []
  const files = new TrackFiles((name, value) => void told.push([name, value]))
  t.teardown(() => files.close())
  files.follow([{ name: 'tf', path }, { name: 'nowhere', path: '/no/such/file' }, { name: 'without' }])
  t.strictSame([files.value('tf'), files.value('nowhere'), files.value('other')], [5, 0, 0])
  const tells = async (value: number): Promise<void> => {
    for (let i = 0; i < 3000 && told.at(-1)?.[1] !== value; i++) await new Promise(resolve => setTimeout(resolve, 10))
    t.strictSame(told.at(-1), ['tf', value])
    t.equal(files.value('tf'), value)
  }
  writeFileSync(path, '-3\n')
  await tells(-3)
  writeFileSync(`${path}.new`, '8')
  renameSync(`${path}.new`, path)
  await tells(8)
  rmSync(path)
  await tells(0)
})
