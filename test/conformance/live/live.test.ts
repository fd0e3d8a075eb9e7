import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { Kernel, whyNoKernel } from './kernel.js'
import { live } from './live.js'

const skip = whyNoKernel() ?? false

t.test('uvs does what the kernel does, in two scenarios', { skip, timeout: 230_000 }, async t => {
  const lines: string[] = []
  t.equal(await live({ seed: 1, count: 2 }, line => lines.push(line)), true, lines.join('\n'))
  t.equal(lines[0], 'live comparison with Linux under user-mode-linux: --seed 1 --count 2')
  t.equal(lines.at(-1), '2 passed, 0 failed')
})

t.test('the kernel runs scripts, forgets, and is gone afterwards', { skip, timeout: 230_000 }, async t => {
  const kernel = Kernel.boot()
  t.equal(existsSync(kernel.dir), true)
  try {
    kernel.reset()
    t.strictSame(kernel.run('ipvsadm -A -t 10.99.1.100:80; echo no >&2; exit 3'), { status: 3, out: '', err: 'no\n' })
    t.match(kernel.run('ipvsadm -Ln').out, /TCP {2}10\.99\.1\.100:80 wlc/)
    kernel.reset()
    t.notMatch(kernel.run('ipvsadm -Ln').out, /10\.99\.1\.100/)
    t.throws(() => kernel.mustRun('false'), /inside the kernel, status 1/)
    t.match(kernel.run('cat /proc/net/dev').out, /vec1/)
    kernel.run('ipvsadm -A -t 10.99.1.100:80; mount -t tmpfs none /proc/net 2>/dev/null || mount -t tmpfs none /proc')
    kernel.reset()
    t.notMatch(kernel.run('ipvsadm -Ln').out, /10\.99\.1\.100/, 'booted again, since it could not be reset')
  } finally {
    kernel.down()
  }
  t.equal(existsSync(kernel.dir), false)
  t.throws(() => kernel.run('true'))
})

t.test('the command refuses what it does not know', async t => {
  const main = fileURLToPath(new URL('../main.js', import.meta.url))
  const played = promisify(execFile)(process.execPath, [main, '--live', '--fast'])
  await t.rejects(played, { code: 2, stderr: /^conformance: '--fast': only --live, --seed N, --count N\n$/ })
})
