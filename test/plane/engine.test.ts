import { spawnSync } from 'node:child_process'
import t from 'tap'

const { href } = new URL('../../src/plane/engine.js', import.meta.url)

/** What V8 says, on standard output or standard error, when it is given these of engine.ts's flags in a process of their own. */
function saidOf(program: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  return stdout + stderr
}

t.test('this V8 knows the flags: it would say so, and go on without', async t => {
  const said = saidOf(`const { inlineThePath, collectOnlyWhenAsked } = await import(${JSON.stringify(href)})
inlineThePath()
collectOnlyWhenAsked()`)
  t.equal(said, '')
  t.match(saidOf(`(await import('node:v8')).setFlagsFromString('--no-such-flag')`), 'no-such-flag')
})
