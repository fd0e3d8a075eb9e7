import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..')
/** What it needs of others. Without koffi: a program that uses the library needs none. */
const BESIDE = ['ipaddr.js', 'lru-cache', '@types/node', 'undici-types']

/** Installs the package, as it would be published, below a folder; its native code is not there. Types of Node are. */
export function installPacked(folder: string): void {
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '@types'), { recursive: true })
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]
  const out = execFileSync('npm', pack, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const [{ filename }] = JSON.parse(out) as [{ filename: string }]
  mkdirSync(join(modules, 'uvs'))
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', join(modules, 'uvs'), '--strip-components=1'])
  for (const name of BESIDE) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name))
}
