import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { unhooked } from './e2e/unhooked.js'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** What a person may start, beside uvs, uvsadm and their kin: what it begins a complaint with, and its file. */
const OURS = {
  'bench:lab': 'dist/bench/wire/main.js',
  bench: 'dist/bench/in-process/main.js',
  'bench:checksum': 'dist/bench/checksum/main.js',
  conformance: 'dist/test/conformance/main.js',
  coverage: 'dist/test/coverage/main.js',
  run: 'dist/test/run/main.js',
  'udp-trial': 'dist/bench/wire/udp-trial.js',
  'apply-load': 'dist/bench/wire/apply-load.js',
  '.ci/run': '.ci/run',
}
const COMMANDS = ['uvs/main', 'uvsadm/main', 'uvsadm/save-main', 'uvsadm/restore-main']

function start(file: string, ...args: string[]) {
  const path = join(ROOT, file)
  const [command, words] = file.endsWith('.js') ? ['env', unhooked([path, ...args])] : [path, args]
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: 'utf8', timeout: 60_000 })
  return { status, stdout, stderr }
}

t.test('every program answers --help with its usage', async t => {
  for (const [name, file] of Object.entries(OURS)) {
    const { status, stdout, stderr } = start(file, '--help')
    t.strictSame([status, stderr], [0, ''], name)
    t.match(stdout, /^usage: .+\n.+\n/, name)
    if (file !== OURS['.ci/run']) t.strictSame(start(file, '-h'), { status, stdout, stderr }, `${name} -h`)
  }
  for (const name of COMMANDS) {
    const { status, stdout, stderr } = start(`dist/src/cli/${name}.js`, '--help')
    t.strictSame([status, stderr], [0, ''], name)
    t.match(stdout, /uvs/, name)
  }
})

t.test('an option that is not there: one line that names it, status 2', async t => {
  for (const [name, file] of Object.entries(OURS)) {
    const { status, stdout, stderr } = start(file, '--no-such')
    t.strictSame([status, stdout], [2, ''], name)
    t.match(stderr, /^[^\n]*--no-such[^\n]*\n$/, name)
    t.ok(stderr.startsWith(`${name}: `), `${name}: ${stderr}`)
  }
})
