import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { ownNetworkWithTap, veth } from '../../../linux/own-network.js'
import { tempDir } from '../../../support/temp.js'

const skip = ownNetworkWithTap()
const MAIN = fileURLToPath(new URL('../../../../src/cli/uvs/main.js', import.meta.url))
/** V8's memory reducer begins eight seconds after the first collection. */
const REDUCED_MS = 10_000

t.test('a director that has started does not collect garbage for its own sake', { skip }, async t => {
  veth('q0', 'q1')
  const words = ['--raw', 'q0', '--address', '192.0.2.1/24@q0', '--control', join(tempDir(t), 'control')]
  const child = spawn(process.execPath, ['--trace-gc-verbose', MAIN, 'director', ...words], { timeout: 60_000 })
  t.teardown(() => child.kill('SIGKILL'))
  let out = ''
  child.stdout.on('data', chunk => (out += String(chunk)))
  child.stderr.on('data', chunk => (out += String(chunk)))
  for (let i = 0; i < 500 && !out.includes('uvs director: ready'); i++) await wait(20)
  t.match(out, 'uvs director: ready')
  await wait(REDUCED_MS)
  child.kill('SIGTERM')
  await once(child, 'close')
  t.match(out, 'HeapController', 'it collected while it started, and V8 told')
  t.notMatch(out, 'Memory reducer: started GC')
})
