import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..')

/** Directories of the machine that the project was written on. In two parts, or this file would be the first to hold them. */
const MACHINE_PATHS = ['work', 'root'].map(dir => `/${dir}/`)

interface Lock {
  packages: Record<string, { dependencies?: Record<string, string>; optionalDependencies?: Record<string, string> }>
}

/** Where npm would find a package that the one at `path` depends on: beside it, or beside one that it lies in. */
function isLocked(packages: Lock['packages'], path: string, name: string): boolean {
  if (`${path && `${path}/`}node_modules/${name}` in packages) return true
  return path !== '' && isLocked(packages, path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/'))), name)
}

t.test('package-lock.json holds all that npm ci asks for, for other machines too', async t => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock
  t.ok(Object.keys(packages).length > 100, `${Object.keys(packages).length} packages`)
  const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies }).filter(name => !isLocked(packages, path, name)),
  )
  t.strictSame(missing, [])
})

t.test('package-lock.json names no registry', async t => {
  const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8')
  // A workspace is a link to its folder, and nothing else is.
  t.strictSame(lock.match(/"resolved".*/g), ['"resolved": "src/web",'])
})

t.test('no tracked file holds a path of the machine it was written on', async t => {
  const files = trackedFiles()
  if (!files) {
    t.comment('not a git checkout: nothing is tracked')
    return
  }
  t.ok(files.includes('package.json'), `${files.length} files were looked through`)
  for (const file of files) {
    const text = readFileSync(join(ROOT, file), 'latin1')
    for (const path of MACHINE_PATHS) if (text.includes(path)) t.fail(`${file} holds ${path}`)
  }
})

t.test('no tracked file holds the marks of a merge conflict', async t => {
  const files = trackedFiles() ?? []
  const mark = '<'.repeat(7) + ' '
  for (const file of files) if (readFileSync(join(ROOT, file), 'latin1').includes(mark)) t.fail(file)
  t.comment(`${files.length} files were looked through`)
})

t.test('.ci/run can be run', async t => {
  t.equal(statSync(join(ROOT, '.ci/run')).mode & 0o111, 0o111)
})

/** Files that git knows and that are still there; nothing outside of a checkout. */
function trackedFiles(): string[] | undefined {
  try {
    const args = ['ls-files', '-z', '--cached', '--deduplicate']
    const names = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).split('\0')
    return names.filter(name => name !== '' && statSync(join(ROOT, name), { throwIfNoEntry: false })?.isFile())
  } catch {
    return undefined
  }
}
