import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const MAIN = fileURLToPath(new URL('../../../src/cli/uvs/main.js', import.meta.url))

t.test('help is there where native code cannot load', async t => {
  const hook =
    'export async function resolve(s,c,next){if(s==="koffi")throw new Error("no koffi here");return next(s,c)}'
  const register = `import{register}from"node:module";register(${JSON.stringify(`data:text/javascript,${hook}`)})`
  const args = ['--import', `data:text/javascript,${register}`, MAIN, '--help']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 120_000 })
  t.strictSame([status, stderr], [0, ''])
  for (const name of ['director', 'realserver', 'lab', 'script', 'verdicts', 'reset'])
    t.match(stdout, new RegExp(`^uvs ${name}\\b`, 'm'), name)
})
