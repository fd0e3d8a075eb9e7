import { spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { judge, type Judged } from './judge.js'

/** tap says of a test that takes longer which it was, s: of a file, and so much more for each that shares its process. */
const LIMIT_S = 480
const MORE_S = 60
/** What does not end by itself after that is killed. */
const PATIENCE_S = 20
const MAIN = fileURLToPath(new URL('main.js', import.meta.url))

/** Runs files in one process. What it writes goes to files: a pipe may be held by what a test has left behind. */
export async function runBatch(files: readonly string[]): Promise<Judged> {
  const dir = mkdtempSync(join(tmpdir(), 'uvs-test-'))
  const paths = [join(dir, 'stdout'), join(dir, 'stderr')] as const
  const [out, err] = paths.map(path => openSync(path, 'w')) as [number, number]
  const args = files.length === 1 ? files : [MAIN, '--import', ...files]
  const limit = LIMIT_S + MORE_S * (files.length - 1)
  const env = { ...process.env, TAP: '1', TAP_TIMEOUT: String(limit) }
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', out, err],
    env,
    timeout: (limit + PATIENCE_S) * 1000,
    killSignal: 'SIGKILL',
  })
  const ended = await new Promise<string>(resolve => {
    child.once('error', error => resolve(error.message))
    child.once('exit', (status, signal) => resolve(String(status ?? signal)))
  })
  for (const fd of [out, err]) closeSync(fd)
  const [stdout, stderr] = paths.map(path => readFileSync(path, 'utf8')) as [string, string]
  rmSync(dir, { recursive: true })
  return judge(ended, stdout, stderr)
}
