import t from 'tap'
import { schedulerUrls } from '../../../../src/cli/uvs/options/scheduler-urls.js'

t.test('a path is of the working directory', async t => {
  t.strictSame(schedulerUrls(['/a/b c.js']), ['file:///a/b%20c.js'])
  t.strictSame(schedulerUrls(['x.js']), [new URL('x.js', `file://${process.cwd()}/`).href])
})
