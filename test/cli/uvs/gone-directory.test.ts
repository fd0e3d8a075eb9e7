import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { tempDir } from '../../support/temp.js'

/* Commands that are started in a directory that has been removed. */

const program = (path: string): string => fileURLToPath(new URL(`../../../src/cli/${path}`, import.meta.url))
const UVS = program('uvs/main.js')
const UVSADM = program('uvsadm/main.js')
const GONE = 'the current directory is gone'

t.test('in a directory that is gone a command says so in a line', async t => {
  const dir = tempDir(t)
  const script = 'mkdir -p "$0/gone"; cd "$0/gone"; rmdir "$0/gone"; exec "$@"'
  const director = ['director', '--raw', 'none', '--address', '10.0.0.1/24@none']
  const scheduler = ['--scheduler', './x.js']
  const noDirector = `no director answers at ./x: ${GONE}`
  for (const [path, args, status, line] of [
    [UVS, [...director, '--control', './x'], 1, `uvs director: ${GONE}`],
    // Its threads cannot be started there, whatever the paths.
    [UVS, [...director, '--control', `${dir}/x`], 1, `uvs director: ${GONE}`],
    [UVS, [...director, ...scheduler], 2, `uvs director: --scheduler: ./x.js cannot be loaded: ${GONE}`],
    [UVS, ['lint', ...scheduler, '/dev/null'], 2, `uvs lint: --scheduler: ./x.js cannot be loaded: ${GONE}`],
    [UVS, ['plan', '--keepalived', 'k.conf'], 1, `uvs plan: ${GONE}`],
    [UVS, ['explain', '--control', './x'], 1, `uvs explain: ${noDirector}`],
    [
      UVS,
      ['explain', '--control', `${dir}/x`],
      1,
      `uvs explain: no director answers at ${dir}/x: is uvs director running?`,
    ],
    [UVSADM, ['-L', '--control', './x'], 2, noDirector],
  ] as const) {
    const said = spawnSync('sh', ['-c', script, dir, process.execPath, path, ...args], { encoding: 'utf8' })
    t.strictSame([said.status, said.stderr], [status, `${line}\n`], args.join(' '))
  }
})
