import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { schedulerUrls } from '../../../../src/cli/uvs/options/scheduler-urls.js'
import { tempDir } from '../../../support/temp.js'

const MAIN = fileURLToPath(new URL('../../../../src/cli/uvs/main.js', import.meta.url))

t.test('a path is of the working directory', async t => {
  t.strictSame(schedulerUrls(['/a/b c.js']), ['file:///a/b%20c.js'])
  t.strictSame(schedulerUrls(['x.js']), [new URL('x.js', `file://${process.cwd()}/`).href])
})

t.test('in a working directory that is gone each command names the file', async t => {
  const gone = tempDir(t)
  const said = (...args: string[]): unknown => {
    const script = 'mkdir -p "$0/gone"; cd "$0/gone"; rmdir "$0/gone"; exec "$@"'
    const { status, stderr } = spawnSync('sh', ['-c', script, gone, process.execPath, MAIN, ...args])
    return [status, String(stderr)]
  }
  const line = '--scheduler: ./x.js cannot be loaded: the working directory: no such file or directory'
  const scheduler = ['--scheduler', './x.js']
  t.strictSame(said('lint', ...scheduler, '/dev/null'), [2, `uvs lint: ${line}\n`])
  const director = ['director', '--raw', 'none', '--address', '10.0.0.1/24@none']
  t.strictSame(said(...director, ...scheduler), [2, `uvs director: ${line}\n`])
})
